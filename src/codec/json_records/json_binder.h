// What a JSON record brings to the types that a stream has bound (codec/bound_types.h).
#pragma once

#include <string_view>

#include "codec/bound_types.h"
#include "codec/projection.h"
#include "codec/topic_schema.h"

namespace leat::codec {

// RecordFormat::bind() of JSON: a text that is no JSON object changes nothing.
BindingOutcome bind_json(TopicSchema& types, const Projection* projection,
                         const BindingRules& rules, std::string_view record, TopicSchema* numbers);

}  // namespace leat::codec
