#include "store/check/metadata_check.h"

#include "store/metadata/metadata.h"

namespace leat::store {
namespace {

// SQLite's write-ahead log and its index belong to the file.
Result<std::vector<Path>> set_all_aside(FileSystem& files, const Path& file,
                                        const std::string& stamp) {
  std::vector<Path> kept;
  for (const char* const suffix : {"", "-wal", "-shm"}) {
    Path each = file;
    each += suffix;
    LEAT_ASSIGN(const bool exists, files.exists(each));
    if (!exists) continue;
    LEAT_ASSIGN(Path aside, set_aside(files, each, stamp));
    kept.push_back(std::move(aside));
  }
  return kept;
}

}  // namespace

Result<CheckReport> check_metadata(FileSystem& files, const Path& file, const std::string& stamp) {
  CheckReport report;
  LEAT_ASSIGN(const bool exists, files.exists(file));
  if (!exists) return report;
  auto verified = Metadata::verify(file);
  if (verified.ok()) return report;
  if (verified.error().code() != ErrorCode::kCorrupt) return std::move(verified).error();
  report.damages.push_back(
      {.file = file,
       .what = "it is damaged: " + without_repair_hint(verified.error()),
       .remedy = "sets it aside; the next start makes it anew, and the next `leat run --once` goes "
                 "on with the last run that the cursors of its tasks name",
       .loss = "the list of earlier runs (`leat runs`)",
       .mend = [&files, file, stamp] { return set_all_aside(files, file, stamp); }});
  return report;
}

}  // namespace leat::store
