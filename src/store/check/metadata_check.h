// Whether meta.db is damaged.
#pragma once

#include <string>

#include "base/damage.h"

namespace leat::store {

// Lets SQLite check the whole file. A damaged one is set aside: the next start makes it anew.
// REQUIRES: nobody has the file open, from this call until the damage is mended; `files` outlives
// it. Errors: kUnsupported (a newer Leat wrote it), the file system's.
Result<CheckReport> check_metadata(FileSystem& files, const Path& file, const std::string& stamp);

}  // namespace leat::store
