// What is damaged in a pipeline's DuckDB file and in the write-ahead log beside it.
#pragma once

#include <string>

#include "base/damage.h"

namespace leat::store {

// Opens the file for reading only, replays its write-ahead log in memory, and reads every row of
// every table. A damaged write-ahead log is cut at the position that DuckDB names: what is left is
// a consistent prefix, in which offsets and rows go back together. A damaged file is set aside.
// REQUIRES: nobody has the file open, from this call until the damage is mended; `files` outlives
// it. Errors: kInUse, kUnsupported (a newer DuckDB wrote it), the file system's.
Result<CheckReport> check_database(FileSystem& files, const Path& file, const std::string& stamp);

}  // namespace leat::store
