// The natural key of a record, from the JSON paths that the pipeline file declares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_path.h"

namespace leat::codec {

// One path: the value's text ("9f07341f-…"); several: a JSON array of the texts, in their order.
// Values that are equal in a table have one text: numbers are in the one form of their value (1,
// 1.0 and 1e0 are "1"), and so come into one partition. Immutable, thread-safe.
class RecordKey {
 public:
  static Result<RecordKey> parse(const std::vector<std::string>& paths);

  bool empty() const { return paths_.empty(); }
  // The key is a part of `json`, or `made`, which is overwritten. `json` has >= 64 readable bytes
  // after it. Errors (user): "the record has no `login.uuid`", not valid JSON; such a record
  // becomes a dead letter of the task.
  Result<std::string_view> of(std::string_view json, std::string& made) const;

 private:
  std::vector<JsonPath> paths_;
};

}  // namespace leat::codec
