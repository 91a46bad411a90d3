#include "log/check/log_check.h"

#include "log/check/catalog_check.h"
#include "log/check/partition_check.h"
#include "log/log_files.h"
#include "log/segment/offset_checkpoint.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {
namespace {

// What a checkpoint file says, and as damage that it says nothing.
struct CheckpointCheck {
  OffsetCheckpoint offsets;
  bool damaged = false;
};

Result<CheckpointCheck> read_checkpoint(FileSystem& files, const Path& path) {
  CheckpointCheck check;
  auto read = read_offset_checkpoint(files, path);
  if (read.ok()) {
    check.offsets = std::move(*read);
  } else if (read.error().code() == ErrorCode::kCorrupt) {
    check.damaged = true;
  } else {
    return std::move(read).error();
  }
  return check;
}

Damage lost_recovery_points(FileSystem& files, const Path& path, const std::string& stamp) {
  return {.file = path,
          .what = "the list of recovery points is damaged",
          .remedy = "sets it aside; the next start checks every record in place of it",
          .loss = "",
          .mend = [&files, path, stamp]() -> Result<std::vector<Path>> {
            LEAT_ASSIGN(Path aside, set_aside(files, path, stamp));
            return std::vector<Path>{std::move(aside)};
          }};
}

Damage lost_log_starts(FileSystem& files, const Path& path, std::string what,
                       const OffsetCheckpoint& starts, const std::string& stamp) {
  return {.file = path,
          .what = std::move(what),
          .remedy = "makes it anew: such a partition begins with its first segment",
          .loss = "",
          .mend = [&files, path, starts, stamp]() -> Result<std::vector<Path>> {
            LEAT_ASSIGN(Path aside, set_aside(files, path, stamp));
            LEAT_TRY(write_offset_checkpoint(files, path, starts));
            return std::vector<Path>{std::move(aside)};
          }};
}

void add(CheckReport& to, CheckReport from) {
  for (auto& damage : from.damages) to.damages.push_back(std::move(damage));
  for (auto& note : from.notes) to.notes.push_back(std::move(note));
}

int64_t offset_of(const OffsetCheckpoint& offsets, const TopicPartition& partition) {
  const auto found = offsets.find(partition);
  return found == offsets.end() ? 0 : found->second;
}

}  // namespace

Result<CheckReport> check_log(FileSystem& files, const Path& directory, const std::string& stamp,
                              RecordChecks checks) {
  checks.emplace(kTransactionStateTopic, wrong_with_transaction_record);
  CheckReport report;
  LEAT_ASSIGN(const bool exists, files.exists(directory));
  if (!exists) return report;
  LEAT_ASSIGN(CatalogCheck catalog, check_catalog(files, directory, stamp));
  add(report, std::move(catalog.report));
  LEAT_ASSIGN(const auto recovery, read_checkpoint(files, directory / kRecoveryPointName));
  LEAT_ASSIGN(auto starts, read_checkpoint(files, directory / kLogStartName));
  if (recovery.damaged) {
    report.damages.push_back(lost_recovery_points(files, directory / kRecoveryPointName, stamp));
  }
  std::vector<PartitionPlace> places;
  for (const auto& [topic, entry] : catalog.topics) {
    if (entry.deleted) continue;
    const auto check = checks.find(topic);
    for (int32_t i = 0; i < entry.config.partitions; ++i) {
      const TopicPartition name{topic, i};
      const Path path = directory / name.to_string();
      if (starts.damaged) {
        LEAT_ASSIGN(const auto bases, segments_of(files, path));
        if (!bases.empty() && bases.front() > 0) starts.offsets[name] = bases.front();
      }
      places.push_back({.name = name,
                        .directory = path,
                        .log_start_offset = offset_of(starts.offsets, name),
                        .recovery_point = offset_of(recovery.offsets, name),
                        .compacted = entry.has_gaps || compacts(entry.config.cleanup_policy),
                        .records = check == checks.end() ? nullptr : &check->second});
    }
  }
  if (starts.damaged) {
    report.damages.push_back(lost_log_starts(files, directory / kLogStartName,
                                             "the list of first offsets is damaged", starts.offsets,
                                             stamp));
  }
  std::string behind_the_end;
  for (const PartitionPlace& place : places) {
    LEAT_ASSIGN(PartitionCheck found, check_partition(files, place, stamp));
    add(report, std::move(found.report));
    if (place.log_start_offset <= found.end_offset) continue;
    behind_the_end += fmt::format("{}{} begins at {}, and its records end at {}",
                                  behind_the_end.empty() ? "" : "; ", place.name.to_string(),
                                  place.log_start_offset, found.end_offset);
    LEAT_ASSIGN(const auto bases, segments_of(files, place.directory));
    starts.offsets[place.name] = bases.empty() ? 0 : bases.front();
  }
  if (!behind_the_end.empty()) {
    report.damages.push_back(lost_log_starts(
        files, directory / kLogStartName, "the list of first offsets is wrong: " + behind_the_end,
        starts.offsets, stamp));
  }
  return report;
}

}  // namespace leat::log
