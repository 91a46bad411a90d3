#include "log/compaction/compaction.h"

#include <unordered_map>

#include "base/logging.h"
#include "log/batch/compression.h"
#include "log/batch/record_batch_builder.h"
#include "log/segment/batch_reader.h"

namespace leat::log {
namespace {

using LastOffsets = std::unordered_map<std::string, int64_t>;

// Writes the records that stay as few batches, each with at most one delete horizon.
class CleanedFile {
 public:
  CleanedFile(File& file, Segment& segment, size_t batch_bytes)
      : file_(file), segment_(segment), batch_bytes_(batch_bytes) {}

  Result<void> add(const RecordView& record, std::optional<int64_t> delete_horizon) {
    const bool other_horizon = delete_horizon && delete_horizon != horizon_;
    if (builder_ && (other_horizon || builder_->size() >= batch_bytes_)) LEAT_TRY(finish_batch());
    if (!builder_) {
      builder_.emplace(BatchProducer{}, size_t{4096});
      horizon_ = delete_horizon;
      if (horizon_) builder_->set_delete_horizon(*horizon_);
    }
    builder_->add(record.offset, record.timestamp_ms, record.key, record.value, record.headers);
    return {};
  }

  Result<void> finish_batch() {
    if (!builder_) return {};
    const ByteBuffer batch = builder_->finish();
    builder_.reset();
    LEAT_TRY(file_.write_at(segment_.size, batch.view()));
    const auto header = parse_batch_header(batch.view());
    segment_.index.add(header->base_offset, segment_.size, header->max_timestamp);
    segment_.size += batch.size();
    return {};
  }

 private:
  File& file_;
  Segment& segment_;
  const size_t batch_bytes_;
  std::optional<RecordBatchBuilder> builder_;
  std::optional<int64_t> horizon_;
};

// One run over one partition.
class Compaction {
 public:
  Compaction(Partition& partition, const LogEnvironment& environment, int64_t end)
      : partition_(partition),
        environment_(environment),
        end_(end),
        aborted_(partition.aborted_transactions()),
        now_ms_(environment.clock.now_ms()) {}

  Result<Compacted> run() {
    const auto segments = partition_.closed_segments(end_);
    Compacted result;
    uint64_t fresh = 0;
    for (const auto& segment : segments) {
      result.bytes_before += segment->size;
      if (!segment->cleaned) fresh += segment->size;
    }
    result.bytes_after = result.bytes_before;
    const double needed =
        environment_.options.min_cleanable_ratio * static_cast<double>(result.bytes_before);
    if (fresh == 0 || static_cast<double>(fresh) < needed) return result;

    for (const auto& segment : segments) {
      LEAT_ASSIGN(
          const bool whole,
          visit(*segment, [this](const BatchHeader&, const RecordView& record) -> Result<void> {
            if (record.key) last_[std::string(*record.key)] = record.offset;
            return {};
          }));
      if (!whole) {
        log_warn("{}: not compacted, a segment is damaged", partition_.name().to_string());
        return result;
      }
    }
    for (const auto& segment : segments) {
      LEAT_ASSIGN(const uint64_t size, rewrite(*segment));
      result.bytes_after -= segment->size - size;
    }
    return result;
  }

 private:
  // Calls `act` for every committed record; false when something in the segment cannot be read.
  template <class Act>
  Result<bool> visit(const Segment& segment, Act act) {
    BatchReader reader(*segment.file, {.to = segment.size, .first_offset = segment.base_offset});
    while (true) {
      LEAT_ASSIGN(const BatchReader::Item item, reader.next());
      if (item.kind == BatchReader::Kind::kEnd) return true;
      if (item.kind != BatchReader::Kind::kBatch) return false;
      const BatchHeader& header = item.header;
      if (header.is_control()) continue;
      if (header.is_transactional() &&
          is_aborted(*aborted_, header.producer_id, header.base_offset))
        continue;
      Bytes body = item.bytes.subspan(kBatchHeaderSize);
      ByteBuffer unpacked;
      if (header.compression() != Compression::kNone) {
        LEAT_ASSIGN(unpacked, decompress(header.compression(), body,
                                         environment_.options.max_decompressed_bytes));
        body = unpacked.view();
      }
      HeaderArena arena;
      std::vector<RecordView> records;
      LEAT_TRY(append_records(header, body, 0, arena, records));
      for (const RecordView& record : records) LEAT_TRY(act(header, record));
    }
  }

  // Returns the size that is left.
  Result<uint64_t> rewrite(const Segment& old) {
    const Path target = partition_.directory() / segment_file_name(old.base_offset, kLogExtension);
    const Path temporary =
        partition_.directory() / segment_file_name(old.base_offset, kCleanedExtension);
    auto cleaned = std::make_shared<Segment>(old.base_offset);
    cleaned->cleaned = true;
    LEAT_ASSIGN(cleaned->file, environment_.files.open(temporary, OpenMode::kCreate));
    LEAT_TRY(cleaned->file->truncate(0));
    CleanedFile output(*cleaned->file, *cleaned, environment_.options.batch_bytes);
    LEAT_TRY(visit(old, [&](const BatchHeader& header, const RecordView& record) -> Result<void> {
      if (record.key && last_.at(std::string(*record.key)) != record.offset) return {};
      std::optional<int64_t> horizon;
      if (record.key && !record.value) {
        horizon = header.has_delete_horizon() ? header.base_timestamp
                                              : now_ms_ + partition_.config().delete_retention_ms;
        if (now_ms_ >= *horizon) return {};
      }
      return output.add(record, horizon);
    }));
    LEAT_TRY(output.finish_batch());

    // The indexes of the old file must not be taken for those of the new one.
    for (const std::string_view extension : {kIndexExtension, kTimeIndexExtension}) {
      auto removed = environment_.files.remove(partition_.directory() /
                                               segment_file_name(old.base_offset, extension));
      if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound)
        return std::move(removed).error();
    }
    if (cleaned->size == 0) {
      LEAT_TRY(environment_.files.remove(target));
      LEAT_TRY(environment_.files.remove(temporary));
    } else {
      LEAT_TRY(cleaned->file->sync());
      LEAT_TRY(environment_.files.rename(temporary, target));
    }
    LEAT_TRY(environment_.files.sync_directory(partition_.directory()));
    const uint64_t size = cleaned->size;
    partition_.replace_segment(old, size == 0 ? nullptr : std::move(cleaned));
    return size;
  }

  Partition& partition_;
  const LogEnvironment& environment_;
  const int64_t end_;
  const std::shared_ptr<const AbortedTransactions> aborted_;
  const int64_t now_ms_;
  LastOffsets last_;
};

}  // namespace

Result<Compacted> compact(Partition& partition, const LogEnvironment& environment, int64_t end) {
  Compaction compaction(partition, environment, end);
  auto result = compaction.run();
  if (!result.ok())
    return std::move(result).error().during(
        fmt::format("compacting {}", partition.name().to_string()));
  return result;
}

}  // namespace leat::log
