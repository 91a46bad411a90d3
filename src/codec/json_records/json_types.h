// What JSON records bring to types: to those that a stream has bound, and to the schema of a topic.
#pragma once

#include <span>
#include <string_view>

#include "codec/bound_types.h"
#include "codec/projection.h"
#include "codec/topic_schema.h"

namespace leat::codec {

// RecordFormat::bind() of JSON: a text that is no JSON object changes nothing.
BindingOutcome bind_json(TopicSchema& types, const Projection* projection,
                         const BindingRules& rules, std::string_view record, TopicSchema* numbers);

// RecordFormat::infer() of JSON: a text that is malformed, or whose root is not an object, is
// passed over. Of a key that stands twice in an object both values count.
bool infer_json(TopicSchema& schema, std::span<const std::string_view> values);

}  // namespace leat::codec
