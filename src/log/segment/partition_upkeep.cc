// What a partition does now and then: retention, checkpoints, the end, and its part in compaction.
#include <algorithm>
#include <limits>

#include "log/segment/partition.h"

namespace leat::log {

Result<Partition::RetentionStart> Partition::retention_start(int64_t needed) {
  const int64_t now_ms = environment_.clock.now_ms();
  bool close_active = false;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) return RetentionStart{log_start_offset_, log_start_offset_};
    const Segment& active = *segments_.back();
    const bool expired = deletes(config_.cleanup_policy) && config_.retention_ms >= 0 &&
                         active.index.max_timestamp() < now_ms - config_.retention_ms;
    close_active =
        active.size > 0 && (expired || now_ms - active.first_write_ms >= config_.segment_ms);
    roll_requested_ = roll_requested_ || close_active;
  }
  if (close_active) flush();

  const std::lock_guard lock(mutex_);
  if (!deletes(config_.cleanup_policy)) {
    return RetentionStart{log_start_offset_, log_start_offset_};
  }
  int64_t total = 0;
  for (const auto& segment : segments_) total += static_cast<int64_t>(segment->size);
  RetentionStart start{log_start_offset_, log_start_offset_};
  const int64_t decided = readable_end();
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    const Segment& segment = *segments_[i];
    const int64_t segment_end = segments_[i + 1]->base_offset;
    const bool too_old =
        config_.retention_ms >= 0 && segment.index.max_timestamp() < now_ms - config_.retention_ms;
    total -= static_cast<int64_t>(segment.size);
    const bool too_much = config_.retention_bytes >= 0 && total >= config_.retention_bytes;
    if (segment_end > decided || (!too_old && !too_much)) break;
    start.wanted = std::max(start.wanted, segment_end);
    if (segment_end <= needed) start.allowed = start.wanted;
  }
  return start;
}

void Partition::forget_idle_producers() {
  const int64_t now_ms = environment_.clock.now_ms();
  const int64_t max_idle_ms = environment_.options.producer_expiration_ms;
  const std::lock_guard lock(mutex_);
  producers_.forget_idle(now_ms, max_idle_ms);
  synced_producers_.forget_idle(now_ms, max_idle_ms);
}

void Partition::retire() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !flushing_; });
  retired_ = true;
  failed_ = coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "the topic `{}` was deleted",
                        name_.topic);
  remember_failure({resolved_sequence_ + 1, std::numeric_limits<uint64_t>::max(), *failed_});
  resolved_sequence_ = last_sequence_;
  next_offset_ = synced_end_;
  pending_.clear();
  pending_bytes_ = 0;
  roll_requested_ = false;
  producers_ = {};
  synced_producers_ = {};
  segments_.clear();
  active_.reset();
  Due due = take_due();
  lock.unlock();
  changed_.notify_all();
  environment_.signal.notify();
  due.call();
}

bool Partition::is_retired() const {
  const std::lock_guard lock(mutex_);
  return retired_;
}

Result<void> Partition::advance_start(int64_t offset) {
  std::vector<std::shared_ptr<Segment>> gone;
  {
    const std::lock_guard lock(mutex_);
    if (offset <= log_start_offset_) return {};
    log_start_offset_ = offset;
    while (segments_.size() > 1 && segments_[1]->base_offset <= offset) {
      gone.push_back(std::move(segments_.front()));
      segments_.pop_front();
    }
    producers_.forget_before(offset);
    synced_producers_.forget_before(offset);
  }
  for (const auto& segment : gone) {
    for (const std::string_view extension : {kIndexExtension, kTimeIndexExtension, kLogExtension}) {
      auto removed = environment_.files.remove(directory_ /
                                               segment_file_name(segment->base_offset, extension));
      if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) return removed;
    }
  }
  if (gone.empty()) return {};
  return environment_.files.sync_directory(directory_);
}

Result<int64_t> Partition::checkpoint() {
  bytes_since_checkpoint_.store(0, std::memory_order_relaxed);
  std::string snapshot;
  Ticket ticket;
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return read_only();
    ticket = {.first_sequence = resolved_sequence_ + 1,
              .sequence = last_sequence_,
              .base_offset = next_offset_,
              .next_offset = next_offset_};
    snapshot = producers_.encode(next_offset_);
  }
  LEAT_TRY(wait(ticket));
  LEAT_TRY(environment_.files.replace_file(directory_ / kProducerSnapshotName, snapshot));
  return ticket.next_offset;
}

Result<void> Partition::close() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !flushing_; });
  if (failed_) return read_only();
  flushing_ = true;
  lock.unlock();
  const auto close_active = [this]() -> Result<void> {
    LEAT_TRY(active_->file->truncate(write_position_));
    allocated_ = write_position_;
    LEAT_TRY(active_->file->sync());
    return write_index(*active_);
  };
  auto closed = close_active();
  lock.lock();
  flushing_ = false;
  lock.unlock();
  changed_.notify_all();
  return closed;
}

std::vector<std::shared_ptr<Segment>> Partition::closed_segments(int64_t end) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Segment>> closed;
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (segments_[i + 1]->base_offset > std::min(end, readable_end())) break;
    closed.push_back(segments_[i]);
  }
  return closed;
}

std::shared_ptr<const AbortedTransactions> Partition::aborted_transactions() const {
  const std::lock_guard lock(mutex_);
  return producers_.aborted();
}

void Partition::replace_segment(const Segment& old, std::shared_ptr<Segment> cleaned) {
  const std::lock_guard lock(mutex_);
  const auto place = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const auto& segment) { return segment.get() == &old; });
  if (place == segments_.end()) return;
  if (cleaned) {
    *place = std::move(cleaned);
  } else {
    segments_.erase(place);
  }
}

}  // namespace leat::log
