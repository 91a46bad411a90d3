// The SQL and the keys of a stream as the engine takes them: an implicit stream (a task's target
// named as a table) has its text made here.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/pipeline.h"
#include "stream/query.h"

namespace leat::pipeline {

// The stream's SQL; for an implicit stream SELECT * FROM its topic, with one text column in front
// for every key that lies inside a record (login.uuid becomes login_uuid).
Result<std::string> stream_sql(const config::Stream& stream);

// The output columns by which the rows of one of its targets are upserted; none: they are appended,
// whatever key the target names.
Result<std::vector<std::string>> key_columns(const config::Stream& stream,
                                             const config::Target& target);

// The fields of a record that make up the key of one of its targets, sorted; empty when a key
// column is not a field of the record as it is or cast.
std::vector<std::string> key_fields(const config::Stream& stream, const config::Target& target,
                                    const stream::Query& query);

// The JSON paths of the record key of a topic, as the pipeline's tasks, streams or topics declare
// it; empty: none or unknown.
std::vector<std::string> record_key_of(const config::Pipeline& plan, const std::string& topic);

}  // namespace leat::pipeline
