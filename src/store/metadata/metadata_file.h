// meta.db, opened: what Metadata and RunRows share.
#pragma once

#include <functional>
#include <mutex>

#include "base/result.h"
#include "store/metadata/sqlite.h"

namespace leat::store {

struct MetadataFile {
  SqliteDatabase database;
  std::mutex mutex = {};  // guards it: SQLite waits for the disk under it

  // Does `act` in one transaction; durable when it returns. An error takes all of it back.
  // LEAT_CRASH_AT_RUN_CHANGE=N kills the process at the Nth of the moments right before and right
  // after a commit (for crash tests).
  Result<void> change(const std::function<Result<void>(SqliteDatabase&)>& act);
};

}  // namespace leat::store
