// Records of Leat's own topics whose checksum holds, and which are not what the topic is for:
// somebody else wrote them. Readers pass over them; `leat repair` takes them out.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/batch/record_batch.h"
#include "log/topic_io.h"

namespace leat::log {

// What is wrong with a record; nullopt: nothing.
using RecordCheck = std::function<std::optional<std::string>(const RecordView& record)>;
using RecordChecks = std::map<std::string, RecordCheck, std::less<>>;  // by topic

// Of the first record of the batch with which something is wrong. `batch` is all of its bytes.
std::optional<std::string> wrong_with_batch(const BatchHeader& header, Bytes batch,
                                            const RecordCheck& check);

// For __transaction_state.
std::optional<std::string> wrong_with_transaction_record(const RecordView& record);

}  // namespace leat::log
