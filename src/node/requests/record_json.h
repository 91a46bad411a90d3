// A topic's record as one line of JSON.
#pragma once

#include <string>

#include "log/topic_io.h"

namespace leat::node {

// {"partition":0,"offset":17,"timestamp":"2026-11-21T09:30:00Z","key":"…","value":…}. The value is
// the record's own JSON where it is JSON on one line, else a JSON string of its text.
void append_record_json(std::string& line, int32_t partition, const log::RecordView& record);

}  // namespace leat::node
