// One partition of a topic on disk: the offsets, the segments, what is synced and what may be read.
//
// Offsets are given at append, in memory; the batches wait in order until a flush writes and syncs
// them together (group commit). The caller that waits for its own batch leads the flush if nobody
// else does; the Flusher's threads lead for those who do not wait. Readers see only what is synced
// and lies before the oldest open transaction (the last stable offset).
//
// Offsets:  log start <= last stable offset <= synced end <= next offset
//
// A failed write or sync makes the partition read-only until the process starts again: what the
// file holds behind the synced end is unknown then. A full disk met before a sync is not such a
// failure: the unwritten appends fail and their offsets are given anew, once none of them came
// after the last attempt began. The markers among them end transactions that are decided already:
// they stay, and go first when there is room again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "log/batch/byte_buffer.h"
#include "log/batch/record_batch.h"
#include "log/batch_io.h"
#include "log/log_options.h"
#include "log/segment/flusher.h"
#include "log/segment/producer_state.h"
#include "log/segment/read_signal.h"
#include "log/segment/segment.h"
#include "log/segment/waiters.h"
#include "log/topic_io.h"

namespace leat::log {

// What all partitions of a log share. Outlives them.
struct LogEnvironment {
  FileSystem& files;
  Clock& clock;
  const LogOptions& options;
  ReadSignal& signal;
  Flusher& flusher;
};

// Thread-safe. No lock is held across I/O.
class Partition {
 public:
  struct OpenPoint {
    int64_t log_start_offset = 0;
    int64_t recovery_point = 0;  // everything before it is known to be synced
    bool has_gaps = false;       // it was compacted once
  };
  // Recovers what is in `directory`, which exists. Errors: the file system's, kUnsupported.
  static Result<std::unique_ptr<Partition>> open(TopicPartition name, Path directory,
                                                 const TopicConfig& config,
                                                 const LogEnvironment& environment,
                                                 OpenPoint point);

  const TopicPartition& name() const { return name_; }
  void set_config(const TopicConfig& config);
  TopicConfig config() const;

  // -- appending

  using Ticket = AppendTicket;
  // Errors: kInvalid when compaction would need a key that is missing.
  Result<void> check_keys(std::span<const NewRecord> records) const;
  // Gives the batches the next offsets. No I/O. REQUIRES: batches that this program encoded.
  // Errors: kReadOnly after a failed write or sync.
  Result<Ticket> append(std::vector<ByteBuffer> batches);
  // Ends the producer's transaction here. No I/O; flushed lazily.
  Result<Ticket> append_marker(ControlType type, int64_t producer_id, int16_t producer_epoch);
  // The same for one batch that another program encoded and check_batch() let pass, unless its
  // producer's sequence numbers say otherwise. kNext: `ticket` is of the batch; kDuplicate: of the
  // one that it repeats, which may not be durable yet.
  struct Judged {
    SequenceVerdict verdict;
    Ticket ticket;
  };
  Result<Judged> append_foreign(ByteBuffer batch);
  // Waits while too much is pending. To be called before append(), without locks.
  void wait_for_room();
  // Returns when the appended batches are synced. Errors: why they are not. They will not be then,
  // but for a marker that a full disk keeps waiting (kNoSpace).
  Result<void> wait(const Ticket& ticket);
  // Calls `settled` once, with what wait() would return, from the thread that settles it or from
  // this one. Never under a lock; the callback may call the partition.
  using Settled = std::function<void(Result<void>)>;
  void when_settled(const Ticket& ticket, Settled settled);
  // Writes and syncs what is pending; the outcome is learned by wait().
  void flush();
  void flush_up_to(uint64_t sequence);  // of a ticket; nothing to do when that is settled
  // For the Flusher: true when the partition does not stand in its queue yet, and now does.
  bool enter_flush_queue() { return !flush_queued_.exchange(true); }
  size_t pending_bytes() const;
  // A write or sync failed.
  bool is_read_only() const;
  bool active_segment_is_empty() const;

  // -- reading

  OffsetRange offsets() const;
  PartitionOffsets all_offsets() const;
  int64_t synced_end() const;
  uint64_t stored_bytes() const;
  std::vector<ProducerInfo> producers() const;
  Result<FetchedRecords> fetch(int64_t offset, const FetchLimits& limits);
  // Whole batches as they are stored, for whoever decodes them elsewhere.
  Result<FetchedBatches> fetch_batches(int64_t offset, const BatchFetchLimits& limits);
  // Calls `readable` once when the isolation's end is beyond `offset`, or the topic is deleted: at
  // once if it is so already, else from the thread that made it so. Never under a lock; the
  // callback may call the partition.
  using Readable = std::function<void()>;
  using WatchId = uint64_t;  // 0: it was called already
  WatchId when_readable(int64_t offset, Isolation isolation, Readable readable);
  // The callback is not called any more, unless it is being called just now.
  void forget(WatchId watch);
  Result<int64_t> offset_for_time(int64_t timestamp_ms);
  // The first decided record that is not older; the first one with the largest time of all.
  Result<std::optional<TimedOffset>> record_at_time(int64_t timestamp_ms);
  Result<std::optional<TimedOffset>> newest_record();
  std::vector<OpenTransaction> open_transactions() const;
  // Whether every batch from `first_offset` up to `end_offset` is whole, and the last one is of the
  // producer; what retention has passed counts as whole. For recovery: reads the disk.
  Result<bool> holds_transaction(int64_t first_offset, int64_t end_offset, int64_t producer_id,
                                 int16_t producer_epoch) const;

  // -- upkeep, by one thread at a time

  // The start offsets that retention would leave: by itself, and when the records from `needed` on
  // stay. offsets().start when there is nothing to delete. Closes the active segment when it has
  // expired as a whole.
  struct RetentionStart {
    int64_t wanted = 0;
    int64_t allowed = 0;
  };
  Result<RetentionStart> retention_start(int64_t needed);
  // Sequences of producers that are not heard of any more.
  void forget_idle_producers();
  // Deletes the segments before `offset`, which is durable as the start already.
  Result<void> advance_start(int64_t offset);
  // Makes everything up to the returned offset known at the next start: syncs, and stores the
  // producers' state. Its caller stores the offset as the recovery point.
  Result<int64_t> checkpoint();
  // What was written since the last checkpoint.
  uint64_t bytes_since_checkpoint() const {
    return bytes_since_checkpoint_.load(std::memory_order_relaxed);
  }
  // Whether it is as the last checkpoint and close() left it: neither has anything to do then.
  bool is_untouched() const { return untouched_.load(std::memory_order_relaxed); }
  // After a checkpoint, when no more appends come: writes the indexes and gives back reserved
  // space.
  Result<void> close();

  // Its topic was deleted: nothing is written or read any more, and its files are closed. Whoever
  // waits is told kNotFound.
  void retire();
  bool is_retired() const;

  // For compaction: full segments up to `end` whose records are all decided, oldest first; what
  // readers filter.
  std::vector<std::shared_ptr<Segment>> closed_segments(int64_t end) const;
  std::shared_ptr<const AbortedTransactions> aborted_transactions() const;
  const Path& directory() const { return directory_; }
  // Puts `cleaned`, already in the segment's place on the disk, there in memory; nullptr takes it
  // out.
  void replace_segment(const Segment& old, std::shared_ptr<Segment> cleaned);

 private:
  struct Pending {
    ByteBuffer bytes;
    BatchHeader header;
    uint64_t sequence = 0;
    std::optional<ControlType> marker;
  };
  struct FailedRange {
    uint64_t from = 0;
    uint64_t to = 0;
    Error error;
  };
  struct ReadPlan;
  struct TimeSearch {
    std::optional<TimedOffset> found;
    int64_t end = 0;  // of what was looked at
  };
  template <class Taker>
  class ChunkReader;
  class RecordTaker;
  class BatchTaker;
  struct Watch {
    int64_t offset = 0;
    Isolation isolation = Isolation::kCommitted;
  };
  // Callbacks whose time has come, to be called without the lock.
  struct Due {
    std::vector<std::pair<Result<void>, Settled>> settled;
    std::vector<std::pair<Watch, Readable>> readable;
    void call();
  };

  Partition(TopicPartition name, Path directory, const TopicConfig& config,
            const LogEnvironment& environment);

  // partition_recovery.cc
  Result<void> recover(OpenPoint point);
  Result<std::vector<int64_t>> list_segments();
  Result<std::shared_ptr<Segment>> open_segment(int64_t base_offset);
  struct ScanPoint;
  Result<int64_t> scan_segment(Segment& segment, const ScanPoint& point);

  // partition.cc
  Result<Ticket> enqueue(std::vector<ByteBuffer> batches, std::optional<ControlType> marker);
  void lead_flush(std::unique_lock<std::mutex>& lock);
  struct FlushOutcome;
  FlushOutcome write_group(std::span<Pending> group);
  bool must_roll(const Pending& batch) const;
  Result<size_t> write_run(std::span<Pending> rest);
  Result<void> reserve_space(uint64_t end);
  Result<void> sync_and_publish(std::span<Pending> written);
  Result<void> roll(int64_t base_offset);
  Result<void> write_index(const Segment& segment);
  void join_pending(std::vector<Pending>& group, size_t published);
  void settle(const FlushOutcome& outcome, std::span<Pending> group, uint64_t last_sequence);
  void give_up(std::span<Pending> lost, const Error& error);
  void place(Pending entry);
  void remember_failure(FailedRange failure);
  std::optional<Result<void>> outcome_of(const Ticket& ticket) const;
  Due take_due();
  int64_t readable_end() const;
  int64_t end_for(Isolation isolation) const;
  Error read_only() const;

  // partition_fetch.cc
  enum class ReadBound : uint8_t { kEnd, kHighWatermark };  // the last offset to read at
  Result<ReadPlan> plan_read(int64_t offset, Isolation isolation, ReadBound bound) const;
  Result<TimeSearch> search_time(int64_t timestamp_ms);

  const TopicPartition name_;
  const Path directory_;
  LogEnvironment environment_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // a flush ended
  TopicConfig config_;
  bool has_gaps_ = false;  // compaction takes offsets out, or did once
  int64_t log_start_offset_ = 0;
  int64_t next_offset_ = 0;
  int64_t synced_end_ = 0;
  std::deque<std::shared_ptr<Segment>> segments_;  // by base offset; the last one is active
  ProducerState producers_;                        // up to next_offset_
  ProducerState synced_producers_;                 // up to synced_end_
  std::vector<Pending> pending_;
  size_t pending_bytes_ = 0;
  uint64_t last_sequence_ = 0;      // of appends, in order
  uint64_t resolved_sequence_ = 0;  // up to here synced or failed
  std::deque<FailedRange> failures_;
  std::optional<Error> failed_;  // read-only, and why
  std::optional<Error> full_;    // the last flush met a full disk
  bool flushing_ = false;
  bool roll_requested_ = false;
  bool retired_ = false;
  Waiters<Ticket, Settled> settled_waiters_;
  Waiters<Watch, Readable> watches_;

  // Of the thread that leads the flush.
  std::shared_ptr<Segment> active_;
  uint64_t write_position_ = 0;
  uint64_t allocated_ = 0;
  int64_t segment_bytes_ = 0;
  ByteBuffer gathered_;

  std::atomic<bool> flush_queued_ = false;
  std::atomic<uint64_t> bytes_since_checkpoint_ = 0;
  std::atomic<bool> untouched_ = false;
};

}  // namespace leat::log
