// What is damaged in the directory of a log. Changes nothing; the damages found can be mended.
#pragma once

#include <string>

#include "base/damage.h"
#include "log/check/record_check.h"

namespace leat::log {

// REQUIRES: nobody has the log open, from this call until the last damage is mended; `files`
// outlives them. The damages are to be mended in their order. A directory that is missing or empty
// holds nothing that could be damaged. `checks` say what the records of topics must be, beside
// those of the transactions. Errors: kUnsupported for files of a newer version; the file
// system's.
Result<CheckReport> check_log(FileSystem& files, const Path& directory, const std::string& stamp,
                              RecordChecks checks = {});

}  // namespace leat::log
