#include "store/metadata/metadata_file.h"

#include <atomic>
#include <csignal>
#include <cstdlib>

namespace leat::store {
namespace {

void crash_point() {
  static std::atomic<long> left = [] {
    const char* text = std::getenv("LEAT_CRASH_AT_RUN_CHANGE");
    return text == nullptr ? 0 : std::atol(text);
  }();
  if (left > 0 && --left == 0) ::raise(SIGKILL);
}

}  // namespace

Result<void> MetadataFile::change(const std::function<Result<void>(SqliteDatabase&)>& act) {
  const std::lock_guard lock(mutex);
  LEAT_TRY(database.run("BEGIN IMMEDIATE"));
  Result<void> done = act(database);
  if (done.ok()) {
    crash_point();
    done = database.run("COMMIT");
    if (done.ok()) crash_point();
  }
  // SQLite may have taken it back by itself, and then refuses to do so again.
  if (!done.ok()) static_cast<void>(database.run("ROLLBACK"));
  return done;
}

}  // namespace leat::store
