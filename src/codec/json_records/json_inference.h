// The types of JSON records, taken into a schema in place.
#pragma once

#include <span>
#include <string_view>

#include "codec/topic_schema.h"

namespace leat::codec {

// RecordFormat::infer() of JSON: a text that is malformed, or whose root is not an object, is
// passed over. Of a key that stands twice in an object both values count.
bool infer_json(TopicSchema& schema, std::span<const std::string_view> values);

}  // namespace leat::codec
