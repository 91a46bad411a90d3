// NDJSON lines into a topic, as `leat topic produce` does.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "node/instance/instance.h"
#include "web/http_message.h"

namespace leat::node {

struct LineFormat {
  std::string key;        // JSON path of the record key; empty: no key
  bool envelope = false;  // lines are {"key": …, "value": …}, texts or null: any bytes, tombstones
  int64_t lines_before = 0;  // of earlier calls for the same input: errors count on from them
};

// One record a line, durable when it returns; empty lines are skipped. A missing topic is made with
// one partition. What came is appended as soon as nothing more is there. Returns the records
// produced.
// Errors (user, kInvalid): lines that are not JSON or have no key: names their numbers; all others
// are produced.
Result<int64_t> produce_lines(Instance& instance, const std::string& topic,
                              const LineFormat& format, web::BodyReader& lines);

}  // namespace leat::node
