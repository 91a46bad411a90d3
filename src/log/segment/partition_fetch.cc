// Reading a partition: from the file into one buffer, and records or whole batches out of it.
#include <algorithm>

#include "log/batch/compression.h"
#include "log/segment/batch_reader.h"
#include "log/segment/partition.h"

namespace leat::log {
namespace {

constexpr size_t kMinReadBytes = 4 << 10;
constexpr size_t kTimeLookupBytes = 256 << 10;

}  // namespace

// Where to read next, as it was when asked; the segment stays readable.
struct Partition::ReadPlan {
  std::shared_ptr<const Segment> segment;
  uint64_t position = 0;           // of a batch that is not after the wanted offset
  int64_t position_offset = 0;     // no batch from there on begins before it
  uint64_t size = 0;               // of the segment
  int64_t segment_end_offset = 0;  // the next segment's first offset, or the synced end
  int64_t limit = 0;               // exclusive
  PartitionOffsets offsets;
  bool gaps_allowed = false;  // compaction takes offsets out
  std::shared_ptr<const AbortedTransactions> aborted;
};

Result<Partition::ReadPlan> Partition::plan_read(int64_t offset, Isolation isolation,
                                                 ReadBound bound) const {
  const std::lock_guard lock(mutex_);
  if (retired_) return read_only();
  ReadPlan plan;
  plan.limit = end_for(isolation);
  plan.offsets = {
      .log_start = log_start_offset_, .last_stable = readable_end(), .high_watermark = synced_end_};
  const int64_t last = bound == ReadBound::kHighWatermark ? synced_end_ : plan.limit;
  if (offset < log_start_offset_ || offset > last) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kOutOfRange,
                       "{}@{} is outside the log, which holds {} to {}", name_.to_string(), offset,
                       log_start_offset_, last);
  }
  auto after =
      std::upper_bound(segments_.begin(), segments_.end(), offset,
                       [](int64_t at, const auto& segment) { return at < segment->base_offset; });
  if (after == segments_.begin()) ++after;  // compaction took the first segments out
  const auto segment = std::prev(after);
  const SegmentIndex::Entry entry = (*segment)->index.lookup(offset);
  plan.segment = *segment;
  plan.position = entry.position;
  plan.position_offset = std::min(entry.offset, offset);  // the first segment may be gone
  plan.size = (*segment)->size;
  plan.segment_end_offset = after == segments_.end() ? synced_end_ : (*after)->base_offset;
  plan.gaps_allowed = has_gaps_;
  plan.aborted = producers_.aborted();
  return plan;
}

// The visible records of the batches.
class Partition::RecordTaker {
 public:
  RecordTaker(const Partition& partition, const ReadPlan& plan, FetchedRecords& result)
      : partition_(partition), plan_(plan), result_(result) {}

  int64_t& next_offset() { return result_.next_offset; }
  bool empty() const { return result_.records.empty(); }
  void begin_buffer() { kept_ = false; }

  // Errors: what is wrong with the batch.
  Result<void> take(const BatchHeader& header, Bytes batch,
                    const std::shared_ptr<ByteBuffer>& buffer) {
    if (header.is_control()) return {};
    if (header.is_transactional() &&
        is_aborted(*plan_.aborted, header.producer_id, header.base_offset))
      return {};
    Bytes body = batch.subspan(kBatchHeaderSize);
    if (header.compression() == Compression::kNone) {
      if (!kept_) result_.memory.push_back(buffer);
      kept_ = true;
    } else {
      LEAT_ASSIGN(auto unpacked,
                  decompress(header.compression(), body,
                             partition_.environment_.options.max_decompressed_bytes));
      auto memory = std::make_shared<ByteBuffer>(std::move(unpacked));
      body = memory->view();
      result_.memory.push_back(std::move(memory));
    }
    if (result_.records.empty()) {
      // As if the rest of the buffer were alike. A record takes 7 bytes at least.
      const auto left = static_cast<size_t>(buffer->data() + buffer->size() - batch.data());
      const size_t batches = left / header.size() + 1;
      result_.records.reserve(
          batches * std::min<size_t>(static_cast<size_t>(header.record_count), body.size() / 7));
    }
    HeaderArena arena;
    LEAT_TRY(append_records(header, body, result_.next_offset, arena, result_.records));
    if (!arena.empty()) result_.memory.push_back(std::make_shared<HeaderArena>(std::move(arena)));
    return {};
  }

 private:
  const Partition& partition_;
  const ReadPlan& plan_;
  FetchedRecords& result_;
  bool kept_ = false;  // the buffer is among the result's memory
};

// The batches themselves: a run of bytes of one buffer, of `max_bytes` or of one batch.
class Partition::BatchTaker {
 public:
  BatchTaker(FetchedBatches& result, size_t max_bytes)
      : result_(result), max_bytes_(max_bytes), next_offset_(result.next_offset) {}

  int64_t& next_offset() { return next_offset_; }
  bool empty() const { return result_.batches.empty(); }
  void begin_buffer() {}

  Result<void> take(const BatchHeader& header, Bytes batch,
                    const std::shared_ptr<ByteBuffer>& buffer) {
    full_ = full_ || (!empty() && result_.batches.size() + batch.size() > max_bytes_);
    if (full_) return {};
    const std::byte* const begin = empty() ? batch.data() : result_.batches.data();
    result_.batches = Bytes(begin, batch.data() + batch.size());
    result_.memory = buffer;
    result_.next_offset = header.next_offset();
    return {};
  }
  // Nothing was left behind: reading goes on where it ended.
  void finish() {
    if (!full_) result_.next_offset = next_offset_;
  }

 private:
  FetchedBatches& result_;
  const size_t max_bytes_;
  int64_t next_offset_;
  bool full_ = false;
};

// Reads one buffer of a segment and gives its batches to a taker, all of them out of one buffer.
template <class Taker>
class Partition::ChunkReader {
 public:
  ChunkReader(const Partition& partition, const ReadPlan& plan, Taker& taker)
      : partition_(partition),
        plan_(plan),
        taker_(taker),
        next_offset_(taker.next_offset()),
        at_(plan.position),
        expected_(plan.position_offset) {}

  // After an error: what was damaged, if that was the reason.
  const std::optional<OffsetGap>& damage() const { return damage_; }

  // Moves the taker's next offset on, to the segment's end at most.
  Result<void> read(size_t max_bytes) {
    const size_t chunk = std::max(max_bytes, kMinReadBytes);
    LEAT_TRY(fill(chunk));
    LEAT_TRY(distrust_index(chunk));
    while (at_ < plan_.size && next_offset_ < plan_.limit) {
      Bytes rest = buffer_->view().subspan(at_ - buffer_position_);
      if (rest.size() < kBatchHeaderSize && at_ + kBatchHeaderSize <= plan_.size) {
        if (moved_) return {};
        LEAT_TRY(fill(chunk));
        continue;
      }
      const auto header = parse_batch_header(rest);
      LEAT_ASSIGN(const bool fits, belongs_here(header));
      if (!fits) {
        LEAT_ASSIGN(const bool go_on, step_over_damage());
        if (!go_on) return {};
        continue;
      }
      if (header->next_offset() <= next_offset_) {
        const uint64_t skipped = at_;
        advance(*header);
        skipped_ = skipped;
        continue;
      }
      if (!plan_.gaps_allowed && header->base_offset > expected_ &&
          header->base_offset > next_offset_) {
        if (!taker_.empty()) return {};
        return corrupt(next_offset_, header->base_offset, "records are missing");
      }
      if (header->base_offset >= plan_.limit) break;
      if (header->size() > rest.size()) {
        if (moved_) return {};
        LEAT_TRY(fill(header->size()));
        continue;
      }
      rest = rest.first(header->size());
      if (!batch_checksum_holds(*header, rest)) {
        LEAT_ASSIGN(const bool go_on, step_over_damage());
        if (!go_on) return {};
        continue;
      }
      if (auto taken = taker_.take(*header, rest, buffer_); !taken.ok()) {
        return corrupt(header->base_offset, header->next_offset(), taken.error().message());
      }
      next_offset_ = header->next_offset();
      moved_ = true;
      advance(*header);
    }
    return end_segment();
  }

 private:
  Result<void> fill(size_t size) {
    // A new buffer each time: the old one may be pointed into.
    buffer_ = std::make_shared<ByteBuffer>(std::min<uint64_t>(size, plan_.size - at_));
    buffer_->resize(buffer_->capacity());
    buffer_position_ = at_;
    taker_.begin_buffer();
    LEAT_ASSIGN(const size_t got, plan_.segment->file->read_at(at_, buffer_->mutable_view()));
    if (got != buffer_->size())
      return corrupt(expected_, plan_.segment_end_offset, "the file is cut off");
    return {};
  }

  // An index carries no checksum: its entry is believed when a batch of that offset stands there.
  // Otherwise all of the segment is read.
  Result<void> distrust_index(size_t chunk) {
    if (at_ == 0) return {};
    const auto header = parse_batch_header(buffer_->view());
    if (header && header->base_offset == expected_) return {};
    at_ = 0;
    expected_ = plan_.segment->base_offset;
    return fill(chunk);
  }

  // Whether what stands at at_ can be the next batch.
  Result<bool> belongs_here(const std::optional<BatchHeader>& header) const {
    if (!header || header->base_offset < expected_ || header->size() > plan_.size - at_ ||
        header->next_offset() > plan_.segment_end_offset) {
      return false;
    }
    LEAT_ASSIGN(const bool contradicted,
                is_contradicted(*plan_.segment->file, *header, at_, plan_.size, expected_));
    return !contradicted;
  }

  void advance(const BatchHeader& header) {
    at_ += header.size();
    expected_ = header.next_offset();
    skipped_.reset();
  }

  // At at_ there is no valid batch. True when reading goes on behind the damage, false when what
  // was read so far is to be returned first; an error when the damage is where the caller wants to
  // read.
  Result<bool> step_over_damage() {
    LEAT_ASSIGN(const auto found, find_batch(*plan_.segment->file, skipped_.value_or(at_) + 1,
                                             plan_.size, expected_));
    const int64_t damage_end = found ? found->header.base_offset : plan_.segment_end_offset;
    if (next_offset_ < damage_end) {
      if (!taker_.empty()) return false;
      return corrupt(std::max(next_offset_, expected_), damage_end,
                     "stored bytes fail their checksum");
    }
    at_ = found ? found->position : plan_.size;
    expected_ = damage_end;
    skipped_.reset();
    if (at_ < plan_.size) LEAT_TRY(fill(buffer_->size()));
    return true;
  }

  Result<void> end_segment() {
    const int64_t end = std::min(plan_.segment_end_offset, plan_.limit);
    if (at_ >= plan_.size && next_offset_ < end && !plan_.gaps_allowed) {
      if (!taker_.empty()) return {};
      return corrupt(next_offset_, plan_.segment_end_offset, "records are missing");
    }
    next_offset_ = std::max(next_offset_, end);
    return {};
  }

  Error corrupt(int64_t offset, int64_t next, std::string_view why) {
    damage_ = OffsetGap{offset, next};
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "CORRUPT_MESSAGE at {}@{}: {}; the next offset that can be read is {} (see "
                       "`leat repair`)",
                       partition_.name_.to_string(), offset, why, next);
  }

  const Partition& partition_;
  const ReadPlan& plan_;
  Taker& taker_;
  int64_t& next_offset_;
  std::shared_ptr<ByteBuffer> buffer_;
  uint64_t buffer_position_ = 0;
  bool moved_ = false;  // the result holds something of this chunk
  uint64_t at_;
  int64_t expected_;
  // The batch before at_ if it was passed over by its header alone: its length may be a lie.
  std::optional<uint64_t> skipped_;
  std::optional<OffsetGap> damage_;
};

Result<FetchedRecords> Partition::fetch(int64_t offset, const FetchLimits& limits) {
  FetchedRecords result;
  result.next_offset = offset;
  while (true) {
    LEAT_ASSIGN(const ReadPlan plan,
                plan_read(result.next_offset, Isolation::kCommitted, ReadBound::kEnd));
    result.end_offset = plan.limit;
    if (result.next_offset >= plan.limit) return result;
    RecordTaker taker(*this, plan, result);
    ChunkReader reader(*this, plan, taker);
    if (auto read = reader.read(limits.max_bytes); !read.ok()) {
      const auto& damage = reader.damage();
      if (!limits.skip_damage || !damage) return std::move(read).error();
      if (!result.records.empty()) return result;  // the next fetch begins with the damage
      const OffsetGap gap{result.next_offset, std::min(damage->to, plan.limit)};
      if (gap.empty()) return std::move(read).error();
      result.skipped.push_back(gap);
      result.next_offset = gap.to;
      continue;
    }
    // Markers and aborted records alone are no answer: go on behind them.
    if (!result.records.empty() || result.next_offset >= plan.limit) return result;
  }
}

Result<FetchedBatches> Partition::fetch_batches(int64_t offset, const BatchFetchLimits& limits) {
  FetchedBatches result;
  result.next_offset = offset;
  while (true) {
    // Who reads all may have seen more than what is decided now, and ask for what is decided.
    LEAT_ASSIGN(const ReadPlan plan,
                plan_read(result.next_offset, limits.isolation, ReadBound::kHighWatermark));
    result.offsets = plan.offsets;
    if (result.next_offset < plan.limit) {
      BatchTaker taker(result, limits.max_bytes);
      ChunkReader reader(*this, plan, taker);
      LEAT_TRY(reader.read(limits.max_bytes));
      taker.finish();
    }
    // A segment's end alone is no answer: go on behind it.
    if (result.batches.empty() && result.next_offset < plan.limit) continue;
    if (limits.isolation == Isolation::kCommitted) {
      for (const AbortedTransaction& aborted : *plan.aborted) {
        if (aborted.last_offset < offset || aborted.first_offset >= result.next_offset) continue;
        result.aborted.push_back({aborted.producer_id, aborted.first_offset});
      }
      std::ranges::sort(result.aborted, {}, &AbortedRange::first_offset);
    }
    return result;
  }
}

Result<Partition::TimeSearch> Partition::search_time(int64_t timestamp_ms) {
  int64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    offset = readable_end();
    for (const auto& segment : segments_) {
      if (segment->index.max_timestamp() < timestamp_ms) continue;
      offset = std::min(offset, segment->index.offset_before_time(timestamp_ms));
      break;
    }
    offset = std::max(offset, log_start_offset_);
  }
  while (true) {
    LEAT_ASSIGN(const FetchedRecords fetched, fetch(offset, {.max_bytes = kTimeLookupBytes}));
    for (const RecordView& record : fetched.records) {
      if (record.timestamp_ms < timestamp_ms) continue;
      return TimeSearch{TimedOffset{record.offset, record.timestamp_ms}, fetched.end_offset};
    }
    offset = fetched.next_offset;
    if (offset >= fetched.end_offset) return TimeSearch{std::nullopt, offset};
  }
}

Result<int64_t> Partition::offset_for_time(int64_t timestamp_ms) {
  LEAT_ASSIGN(const TimeSearch search, search_time(timestamp_ms));
  return search.found ? search.found->offset : search.end;
}

Result<std::optional<TimedOffset>> Partition::record_at_time(int64_t timestamp_ms) {
  LEAT_ASSIGN(const TimeSearch search, search_time(timestamp_ms));
  return search.found;
}

Result<std::optional<TimedOffset>> Partition::newest_record() {
  int64_t newest = kNoTimestamp;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& segment : segments_) newest = std::max(newest, segment->index.max_timestamp());
  }
  if (newest == kNoTimestamp) return std::optional<TimedOffset>();
  return record_at_time(newest);
}

}  // namespace leat::log
