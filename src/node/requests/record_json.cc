#include "node/requests/record_json.h"

#include "base/clock.h"
#include "base/text/json_text.h"
#include "codec/json_select.h"

namespace leat::node {

void append_record_json(std::string& line, int32_t partition, const log::RecordView& record) {
  line += fmt::format(R"({{"partition":{},"offset":{},"timestamp":"{}","key":)", partition,
                      record.offset, format_timestamp(record.timestamp_ms * 1000));
  if (record.key) {
    append_json_string(line, *record.key);
  } else {
    line += "null";
  }
  line += ",\"value\":";
  if (!record.value) {
    line += "null";
  } else if (record.value->find('\n') == std::string_view::npos &&
             codec::checked_value(*record.value).ok()) {
    line += *record.value;
  } else {
    append_json_string(line, *record.value);
  }
  line += '}';
}

}  // namespace leat::node
