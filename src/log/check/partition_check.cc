#include "log/check/partition_check.h"

#include <algorithm>
#include <optional>

#include "log/check/segment_check.h"
#include "log/check/segment_repair.h"
#include "log/segment/segment.h"

namespace leat::log {
namespace {

std::string records_of(const OffsetGap& gap) {
  if (gap.to - gap.from == 1) return fmt::format("record {}", gap.from);
  return fmt::format("records {} to {}", gap.from, gap.to - 1);
}

std::string description(const BadRange& bad) {
  const bool one = bad.gap.to - bad.gap.from == 1;
  if (bad.from == bad.to) {
    return fmt::format("{} {} missing", records_of(bad.gap), one ? "is" : "are");
  }
  std::string text =
      bad.why.empty() ? fmt::format("bytes {} to {} hold no valid record batch", bad.from, bad.to)
                      : fmt::format("bytes {} to {} hold what Leat did not write: {}", bad.from,
                                    bad.to, bad.why);
  if (!bad.gap.empty())
    text += fmt::format(", where {} {}", records_of(bad.gap), one ? "was" : "were");
  return text;
}

// Lost offsets hold markers of transactions too, so that the number of records is not known.
std::string loss(const PartitionPlace& place, const std::vector<OffsetGap>& gaps) {
  std::string text;
  for (const OffsetGap& gap : gaps) {
    if (gap.empty()) continue;
    text += (text.empty() ? "" : ", ") + records_of(gap);
  }
  if (text.empty()) return "";
  text += " of " + place.name.to_string();
  if (!place.compacted) text += "; streams that have not read them go on behind them";
  return text;
}

Damage segment_damage(FileSystem& files, const PartitionPlace& place, const SegmentCheck& check,
                      const std::string& stamp) {
  Damage damage{.file = place.directory / segment_file_name(check.base_offset, kLogExtension),
                .what = "",
                .remedy = "",
                .loss = "",
                .mend = [&files, directory = place.directory, check, stamp] {
                  return repair_segment(files, directory, check, stamp);
                }};
  std::vector<OffsetGap> gaps;
  uint64_t bytes = 0;
  for (const BadRange& bad : check.bad) {
    damage.what += (damage.what.empty() ? "" : "; ") + description(bad);
    gaps.push_back(bad.gap);
    bytes += bad.to - bad.from;
  }
  damage.remedy = bytes > 0 ? fmt::format("takes the {} bytes out, into a file beside", bytes)
                            : "marks the offsets as empty";
  damage.loss = loss(place, gaps);
  return damage;
}

// Offsets of whole segments, or of a segment's end, that no file holds.
Damage missing_records(FileSystem& files, const PartitionPlace& place, OffsetGap gap) {
  return {
      .file = place.directory / segment_file_name(gap.from, kLogExtension),
      .what = fmt::format("{} {} missing", records_of(gap), gap.to - gap.from == 1 ? "is" : "are"),
      .remedy = "puts an empty segment in its place",
      .loss = loss(place, {gap}),
      .mend = [&files, directory = place.directory, gap]() -> Result<std::vector<Path>> {
        LEAT_TRY(files.create_directories(directory));
        LEAT_TRY(fill_gap(files, directory, gap));
        return std::vector<Path>();
      }};
}

// Missing offsets behind a segment are no damage of its file, if that holds any batch.
std::optional<OffsetGap> take_gap_behind(SegmentCheck& check) {
  if (check.bad.empty()) return std::nullopt;
  const BadRange last = check.bad.back();
  const bool behind = last.from == last.to && last.from == check.content_end;
  if (!behind || last.gap.from == check.base_offset) return std::nullopt;
  check.bad.pop_back();
  return last.gap;
}

// A partition that is listed has one segment at least.
Damage lost_partition(FileSystem& files, const PartitionPlace& place) {
  return {.file = place.directory,
          .what = "its segments are gone; how many records they held is not known",
          .remedy = "begins it anew, empty",
          .loss = "all records of " + place.name.to_string(),
          .mend = [&files, place]() -> Result<std::vector<Path>> {
            LEAT_TRY(files.create_directories(place.directory));
            LEAT_ASSIGN(const auto file,
                        files.open(place.directory /
                                       segment_file_name(place.log_start_offset, kLogExtension),
                                   OpenMode::kCreate));
            LEAT_TRY(files.sync_directory(place.directory));
            return std::vector<Path>();
          }};
}

Damage wrong_index(FileSystem& files, const PartitionPlace& place, int64_t base) {
  return {.file = place.directory / segment_file_name(base, kIndexExtension),
          .what = "the index leads to places where no batch begins",
          .remedy = "removes it; the next start makes it anew from the segment",
          .loss = "",
          .mend = [&files, directory = place.directory, base]() -> Result<std::vector<Path>> {
            LEAT_TRY(remove_indexes(files, directory, base));
            return std::vector<Path>();
          }};
}

}  // namespace

Result<std::vector<int64_t>> segments_of(FileSystem& files, const Path& directory) {
  std::vector<int64_t> bases;
  LEAT_ASSIGN(const bool exists, files.exists(directory));
  if (!exists) return bases;
  LEAT_ASSIGN(const std::vector<std::string> names, files.list(directory));
  for (const std::string& name : names) {
    if (const auto base = segment_base(name)) bases.push_back(*base);
  }
  return bases;  // sorted: the names have leading zeros
}

Result<PartitionCheck> check_partition(FileSystem& files, const PartitionPlace& place,
                                       const std::string& stamp) {
  PartitionCheck found{.report = {}, .end_offset = place.log_start_offset};
  CheckReport& report = found.report;
  LEAT_ASSIGN(const std::vector<int64_t> bases, segments_of(files, place.directory));
  if (bases.empty()) {
    const OffsetGap all{place.log_start_offset, place.recovery_point};
    report.damages.push_back(all.empty() ? lost_partition(files, place)
                                         : missing_records(files, place, all));
    return found;
  }
  if (bases.front() > place.log_start_offset && !place.compacted) {
    report.damages.push_back(
        missing_records(files, place, {place.log_start_offset, bases.front()}));
  }
  for (size_t i = 0; i < bases.size(); ++i) {
    const SegmentBounds bounds{.base_offset = bases[i],
                               .next_base = i + 1 == bases.size() ? -1 : bases[i + 1],
                               .recovery_point = place.recovery_point,
                               .gaps_allowed = place.compacted,
                               .records = place.records};
    LEAT_ASSIGN(SegmentCheck check, check_segment(files, place.directory, bounds));
    found.end_offset = std::max(check.end_offset, place.recovery_point);
    const std::optional<OffsetGap> behind = take_gap_behind(check);
    if (!check.bad.empty()) {
      report.damages.push_back(segment_damage(files, place, check, stamp));
    } else if (check.index_is_wrong) {
      report.damages.push_back(wrong_index(files, place, bases[i]));
    }
    if (behind) report.damages.push_back(missing_records(files, place, *behind));
    if (check.torn_bytes > 0) {
      report.notes.push_back(
          fmt::format("{}: {} bytes at the end were never acknowledged; the next start cuts them",
                      place.name.to_string(), check.torn_bytes));
    }
  }
  return found;
}

}  // namespace leat::log
