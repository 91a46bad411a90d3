// Opening a partition: what the files say, and what a crash has left of them.
#include <algorithm>
#include <limits>

#include "base/logging.h"
#include "log/segment/batch_reader.h"
#include "log/segment/partition.h"

namespace leat::log {

// What is known before a segment is read, and what its reading adds to.
struct Partition::ScanPoint {
  int64_t recovery_point = 0;
  int64_t producers_from = 0;  // producers_ holds what lies before
  int64_t segment_end = 0;     // the next segment's first offset; for the last one, -1
};

Result<std::unique_ptr<Partition>> Partition::open(TopicPartition name, Path directory,
                                                   const TopicConfig& config,
                                                   const LogEnvironment& environment,
                                                   OpenPoint point) {
  std::unique_ptr<Partition> partition(
      new Partition(std::move(name), std::move(directory), config, environment));
  LEAT_TRY_DURING(partition->recover(point), "opening {}", partition->name_.to_string());
  return partition;
}

Result<std::vector<int64_t>> Partition::list_segments() {
  LEAT_ASSIGN(const std::vector<std::string> names, environment_.files.list(directory_));
  std::vector<int64_t> bases;
  for (const std::string& name : names) {
    if (name.ends_with(kCleanedExtension)) {
      // Compaction did not finish; the segment that it read is still in place.
      LEAT_TRY(environment_.files.remove(directory_ / name));
      continue;
    }
    if (const auto base = segment_base(name)) bases.push_back(*base);
  }
  return bases;  // sorted: the names have leading zeros
}

Result<std::shared_ptr<Segment>> Partition::open_segment(int64_t base_offset) {
  auto segment = std::make_shared<Segment>(base_offset);
  LEAT_ASSIGN(segment->file,
              environment_.files.open(directory_ / segment_file_name(base_offset, kLogExtension),
                                      OpenMode::kCreate));
  LEAT_ASSIGN(segment->size, segment->file->size());
  const auto offsets =
      environment_.files.read_file(directory_ / segment_file_name(base_offset, kIndexExtension));
  const auto times = environment_.files.read_file(
      directory_ / segment_file_name(base_offset, kTimeIndexExtension));
  if (!offsets.ok() || !times.ok()) return segment;
  auto index = SegmentIndex::decode(base_offset, segment->size, *offsets, *times);
  if (!index.ok()) return segment;
  // The last entry must say the truth; the entries before it were written together with it.
  std::byte head[kBatchHeaderSize];
  LEAT_ASSIGN(const size_t got, segment->file->read_at(index->last_entry().position, head));
  const auto header = parse_batch_header(Bytes(head, got));
  if (header && header->base_offset == index->last_entry().offset)
    segment->index = std::move(*index);
  return segment;
}

Result<void> Partition::recover(OpenPoint point) {
  LEAT_ASSIGN(std::vector<int64_t> bases, list_segments());
  if (bases.empty()) bases.push_back(point.log_start_offset);
  log_start_offset_ = point.log_start_offset;
  has_gaps_ = has_gaps_ || point.has_gaps;

  ScanPoint scan{.recovery_point = point.recovery_point};
  if (const auto bytes = environment_.files.read_file(directory_ / kProducerSnapshotName);
      bytes.ok()) {
    auto snapshot = ProducerState::decode(*bytes);
    if (snapshot.ok() && snapshot->offset <= point.recovery_point) {
      producers_ = std::move(snapshot->state);
      scan.producers_from = snapshot->offset;
    } else if (!snapshot.ok()) {
      if (snapshot.error().code() == ErrorCode::kUnsupported) return std::move(snapshot).error();
      log_warn("{}: {}; reading the whole log instead", name_.to_string(),
               snapshot.error().message());
    }
  }

  int64_t end = bases.front();
  for (size_t i = 0; i < bases.size(); ++i) {
    LEAT_ASSIGN(auto segment, open_segment(bases[i]));
    const bool last = i + 1 == bases.size();
    scan.segment_end = last ? -1 : bases[i + 1];
    const bool indexed = !segment->index.empty();
    untouched_ = indexed || segment->size == 0;
    // Cheap where all is known: from the last index entry to the end.
    LEAT_ASSIGN(end, scan_segment(*segment, scan));
    if (!last && !indexed && segment->size > 0) {
      if (auto written = write_index(*segment); !written.ok()) {
        log_warn("{}: {}", name_.to_string(), written.error().to_string());
      }
    }
    segments_.push_back(std::move(segment));
  }
  if (end < point.recovery_point && has_gaps_) {
    // Later offsets would hide the gap, and the last value of some key with it.
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "{}: the records {} to {} were on the disk and are gone; run `leat repair`",
                       name_.to_string(), end, point.recovery_point);
  }
  if (end < point.recovery_point) {
    log_error("{}: the records {} to {} were on the disk and are gone", name_.to_string(), end,
              point.recovery_point);
    end = point.recovery_point;
  }
  if (end < log_start_offset_) {
    // Retention never comes that far: to go on behind it would hide what is there.
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "{} is to begin at the record {}, and its records end at {}; run "
                       "`leat repair`",
                       name_.to_string(), log_start_offset_, end);
  }
  untouched_ =
      untouched_ && end == point.recovery_point && scan.producers_from == point.recovery_point;
  active_ = segments_.back();
  active_->first_write_ms = environment_.clock.now_ms();
  write_position_ = active_->size;
  allocated_ = active_->size;
  next_offset_ = end;
  synced_end_ = next_offset_;
  producers_.forget_before(log_start_offset_);
  synced_producers_ = producers_;
  return {};
}

// Reads the batches that are not known yet, completes index and producers, and cuts a torn tail.
// Returns the offset after the last batch.
Result<int64_t> Partition::scan_segment(Segment& segment, const ScanPoint& point) {
  const bool last = point.segment_end < 0;
  const uint64_t file_size = segment.size;
  const SegmentIndex::Entry from =
      segment.index.lookup(std::min(point.recovery_point, point.producers_from));
  segment.index.truncate(from.position);
  BatchReader reader(*segment.file, {.from = from.position,
                                     .to = file_size,
                                     .first_offset = from.offset,
                                     .checksum_from = point.recovery_point,
                                     .end_offset = last ? std::numeric_limits<int64_t>::max()
                                                        : point.segment_end});
  int64_t next = from.offset;
  uint64_t end = from.position;
  while (true) {
    LEAT_ASSIGN(const BatchReader::Item item, reader.next());
    if (item.kind == BatchReader::Kind::kDamage) {
      log_error(
          "{}@{}: {} bytes hold no valid record batch, and the records {} to {} cannot be read",
          name_.to_string(), next, item.resume_position - item.position, next,
          item.header.base_offset);
      next = item.header.base_offset;
      continue;
    }
    if (item.kind != BatchReader::Kind::kBatch) break;
    segment.index.add(item.header.base_offset, item.position, item.header.max_timestamp);
    if (item.header.base_offset >= point.producers_from) {
      std::optional<ControlType> marker;
      if (item.header.is_control()) {
        LEAT_ASSIGN(marker, control_type(item.header, item.bytes.subspan(kBatchHeaderSize)));
      }
      producers_.apply(item.header, marker);
    }
    next = item.header.next_offset();
    end = item.position + item.header.size();
  }

  // What is left holds no valid batch: reserved space, a torn write, or what was acknowledged once.
  LEAT_ASSIGN(const uint64_t content_end, end_of_content(*segment.file, end, file_size));
  const bool acknowledged = next < (last ? point.recovery_point : point.segment_end);
  if (acknowledged && content_end > end) {
    log_error("{}@{}: {} bytes at the end of a segment hold no valid record batch",
              name_.to_string(), next, content_end - end);
    segment.size = content_end;
    return last ? next : point.segment_end;
  }
  if (content_end > end) {
    log_warn("{}@{}: torn tail of {} bytes cut", name_.to_string(), next, content_end - end);
  }
  if (file_size > end) {
    LEAT_TRY(segment.file->truncate(end));
  }
  segment.size = end;
  return next;
}

Result<bool> Partition::holds_transaction(int64_t first_offset, int64_t end_offset,
                                          int64_t producer_id, int16_t producer_epoch) const {
  std::vector<std::shared_ptr<const Segment>> segments;
  int64_t next = 0;
  {
    const std::lock_guard lock(mutex_);
    if (end_offset <= log_start_offset_) return true;
    if (end_offset > synced_end_) return false;
    next = std::max(first_offset, log_start_offset_);
    for (size_t i = 0; i < segments_.size(); ++i) {
      const bool last = i + 1 == segments_.size();
      if ((last || segments_[i + 1]->base_offset > next) && segments_[i]->base_offset < end_offset)
        segments.push_back(segments_[i]);
    }
  }
  for (const auto& segment : segments) {
    const SegmentIndex::Entry from = segment->index.lookup(next);
    BatchReader reader(*segment->file,
                       {.from = from.position, .to = segment->size, .first_offset = from.offset});
    while (true) {
      LEAT_ASSIGN(const BatchReader::Item item, reader.next());
      if (item.kind != BatchReader::Kind::kBatch) break;  // damage, too: the gap is seen below
      const BatchHeader& header = item.header;
      if (header.next_offset() <= next) continue;
      if (header.base_offset > next) return false;
      next = header.next_offset();
      if (next < end_offset) continue;
      return next == end_offset && header.is_transactional() && !header.is_control() &&
             header.producer_id == producer_id && header.producer_epoch == producer_epoch;
    }
  }
  return false;
}

}  // namespace leat::log
