// A directory of Parquet files as a sink: each epoch's rows are in it exactly once.
//
// An epoch is first a file of its own in _pending/, synced, so that the pipeline may forget it.
// When the pending files reach the target size or age they are merged into one visible file whose
// name says which epochs it holds. Both steps are a temporary file, a sync and a rename:
//
//   delivered again while pending    the file is replaced by the same rows
//   delivered again while visible    skipped: a visible range covers the epoch
//   killed after the visible rename  the pending files that the range covers are removed
//   killed before it                 the temporary file is removed, the pending ones are merged
//   again
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "sink/hdfs/parquet_file.h"
#include "sink/hdfs/part_name.h"
#include "sink/sink.h"

namespace leat::sink {

struct ParquetDirectoryOptions {
  uint64_t target_bytes = 128ULL << 20;        // of a visible file
  std::chrono::milliseconds max_age{600'000};  // of the oldest pending epoch
  std::string compression = "snappy";          // snappy, zstd, gzip, uncompressed
};

// Errors: external of the disk; user when the directory holds this stream's rows from another
// store, which would then be there twice. After an error the directory is read again. Deletes are
// refused.
class ParquetDirectory final : public Sink {
 public:
  // `origin` says whose rows these are (its epoch and write_time mean nothing).
  ParquetDirectory(Path directory, const EpochIdentity& origin, ParquetDirectoryOptions options,
                   const Clock& clock, FileSystem& files);

  Result<std::optional<uint64_t>> newest_epoch() override;
  // Pending files of other columns become visible first, and those of an earlier process.
  Result<void> prepare(const std::vector<store::Column>& columns) override;
  Result<Delivery> deliver(const EpochIdentity& epoch, const store::RowBatch& rows) override;
  Result<void> flush() override;
  Result<std::optional<std::chrono::milliseconds>> flush_due() override;
  Result<void> close() override;

 private:
  Result<Delivery> deliver_once(const EpochIdentity& epoch, const store::RowBatch& rows);
  // Reads the directory once, and removes what a crash left over.
  Result<void> recover();
  Result<void> take_visible();
  Result<void> take_pending();
  // Until the oldest pending epoch is too old; not positive when it is.
  std::chrono::milliseconds time_left() const;
  bool is_visible(uint64_t epoch) const;
  Result<void> write_pending(uint64_t epoch, const store::RowBatch& rows);
  Result<void> publish();
  Result<void> sync_and_rename(const Path& from, const Path& to);
  std::string name_of(uint64_t from, uint64_t to) const;
  bool is_mine(const PartName& part) const;

  struct Pending {
    uint64_t epoch;
    uint64_t bytes;
  };

  Path directory_;
  Path pending_directory_;
  ParquetDirectoryOptions options_;
  const Clock& clock_;
  FileSystem& files_;
  std::unique_ptr<ParquetWriter> writer_;

  bool recovered_ = false;
  PartName name_;  // of this stream; the range is filled in for each file
  std::vector<PartName> visible_;
  std::vector<Pending> pending_;  // ascending by epoch
  uint64_t pending_bytes_ = 0;
  std::chrono::steady_clock::time_point oldest_{};
  std::vector<store::Column> columns_;
};

}  // namespace leat::sink
