#include "log/segment/partition.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/logging.h"
#include "log/batch/record_batch_builder.h"

namespace leat::log {
namespace {

// Small batches are gathered up to this size into one write.
constexpr size_t kGatheredBytes = 128 << 10;
// Space is reserved in steps that double between these, so that small topics stay small.
constexpr uint64_t kMinReserveStep = 256 << 10;
constexpr uint64_t kMaxReserveStep = 32 << 20;
constexpr size_t kMaxRememberedFailures = 1024;

}  // namespace

struct Partition::FlushOutcome {
  size_t published = 0;        // batches of the group that are synced
  std::optional<Error> error;  // why the rest is not
  bool fatal = false;
};

Partition::Partition(TopicPartition name, Path directory, const TopicConfig& config,
                     const LogEnvironment& environment)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      environment_(environment),
      config_(config),
      has_gaps_(compacts(config.cleanup_policy)),
      segment_bytes_(config.segment_bytes) {}

void Partition::set_config(const TopicConfig& config) {
  const std::lock_guard lock(mutex_);
  config_ = config;
  has_gaps_ = has_gaps_ || compacts(config.cleanup_policy);
}

TopicConfig Partition::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

Error Partition::read_only() const {
  if (retired_) return *failed_;
  return coded_error(ErrorDomain::kExternal, ErrorCode::kReadOnly,
                     "{} takes no more records since a write failed: {}", name_.to_string(),
                     failed_->message());
}

Result<void> Partition::check_keys(std::span<const NewRecord> records) const {
  if (!compacts(config().cleanup_policy)) return {};
  for (const NewRecord& record : records) {
    if (record.key) continue;
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                       "topic `{}` is compacted; a record without a key cannot be kept in it",
                       name_.topic);
  }
  return {};
}

Result<Partition::Ticket> Partition::append(std::vector<ByteBuffer> batches) {
  return enqueue(std::move(batches), std::nullopt);
}

Result<Partition::Ticket> Partition::append_marker(ControlType type, int64_t producer_id,
                                                   int16_t producer_epoch) {
  std::vector<ByteBuffer> batches;
  batches.push_back(
      encode_control_batch(type, producer_id, producer_epoch, environment_.clock.now_ms()));
  LEAT_ASSIGN(const Ticket ticket, enqueue(std::move(batches), type));
  environment_.flusher.request_later(*this, ticket.sequence);
  // An end of a transaction may be all that readers wait for: the data before it is synced.
  environment_.signal.notify();
  Due due;
  {
    const std::lock_guard lock(mutex_);
    due = take_due();
  }
  due.call();
  return ticket;
}

Result<Partition::Judged> Partition::append_foreign(ByteBuffer batch) {
  const auto header = parse_batch_header(batch.view());
  if (!header) return internal_error("{}: an append that is no record batch", name_.to_string());
  set_leader_epoch(batch.mutable_view(), 0);
  const std::lock_guard lock(mutex_);
  if (failed_) return read_only();
  Judged judged;
  if (header->producer_id >= 0) judged.verdict = producers_.judge(*header);
  if (judged.verdict.kind == SequenceVerdict::Kind::kDuplicate) {
    // Durable when everything that was appended so far is: the repeat may overtake the first sync.
    judged.ticket = {.first_sequence = resolved_sequence_ + 1,
                     .sequence = last_sequence_,
                     .base_offset = judged.verdict.base_offset,
                     .next_offset = judged.verdict.base_offset + header->last_offset_delta + 1};
    return judged;
  }
  if (judged.verdict.kind != SequenceVerdict::Kind::kNext) return judged;
  judged.ticket = {.first_sequence = last_sequence_ + 1,
                   .sequence = last_sequence_ + 1,
                   .base_offset = next_offset_};
  ++last_sequence_;
  place({std::move(batch), *header, last_sequence_, std::nullopt});
  judged.ticket.next_offset = next_offset_;
  return judged;
}

Result<Partition::Ticket> Partition::enqueue(std::vector<ByteBuffer> batches,
                                             std::optional<ControlType> marker) {
  std::vector<Pending> entries;
  entries.reserve(batches.size());
  for (ByteBuffer& batch : batches) {
    const auto header = parse_batch_header(batch.view());
    if (!header) return internal_error("{}: an append that is no record batch", name_.to_string());
    entries.push_back({std::move(batch), *header, 0, marker});
  }
  const std::lock_guard lock(mutex_);
  if (failed_) return read_only();
  Ticket ticket{.first_sequence = last_sequence_ + 1,
                .sequence = last_sequence_,
                .base_offset = next_offset_,
                .next_offset = next_offset_};
  for (Pending& entry : entries) {
    entry.sequence = ++last_sequence_;
    place(std::move(entry));
  }
  ticket.sequence = last_sequence_;
  ticket.next_offset = next_offset_;
  return ticket;
}

// At the end of what is pending, under the lock.
void Partition::place(Pending entry) {
  untouched_ = false;
  entry.header.base_offset = next_offset_;
  set_base_offset(entry.bytes.mutable_view(), next_offset_);
  next_offset_ = entry.header.next_offset();
  pending_bytes_ += entry.bytes.size();
  producers_.apply(entry.header, entry.marker);
  pending_.push_back(std::move(entry));
}

size_t Partition::pending_bytes() const {
  const std::lock_guard lock(mutex_);
  return pending_bytes_;
}

bool Partition::is_read_only() const {
  const std::lock_guard lock(mutex_);
  return failed_.has_value();
}

bool Partition::active_segment_is_empty() const {
  const std::lock_guard lock(mutex_);
  return segments_.back()->size == 0;
}

void Partition::wait_for_room() {
  std::unique_lock lock(mutex_);
  while (pending_bytes_ > environment_.options.max_pending_bytes && !failed_) {
    if (flushing_) {
      changed_.wait(lock);
    } else {
      lead_flush(lock);
    }
  }
}

// What became of the appends; none while it is open.
std::optional<Result<void>> Partition::outcome_of(const Ticket& ticket) const {
  for (const FailedRange& failure : failures_) {
    if (ticket.sequence >= failure.from && ticket.first_sequence <= failure.to)
      return Result<void>(Error(failure.error));
  }
  if (resolved_sequence_ >= ticket.sequence) return Result<void>();
  return std::nullopt;
}

void Partition::when_settled(const Ticket& ticket, Settled settled) {
  std::optional<Result<void>> outcome;
  {
    const std::lock_guard lock(mutex_);
    outcome = outcome_of(ticket);
    if (!outcome) settled_waiters_.add(ticket, std::exchange(settled, {}));
  }
  if (outcome) {
    settled(std::move(*outcome));
  } else {
    environment_.flusher.request(*this);
  }
}

Partition::WatchId Partition::when_readable(int64_t offset, Isolation isolation,
                                            Readable readable) {
  {
    const std::lock_guard lock(mutex_);
    if (end_for(isolation) <= offset && !retired_) {
      return watches_.add({offset, isolation}, std::move(readable));
    }
  }
  readable();
  return 0;
}

void Partition::forget(WatchId watch) {
  const std::lock_guard lock(mutex_);
  watches_.remove(watch);
}

// REQUIRES: the lock.
Partition::Due Partition::take_due() {
  Due due;
  if (!settled_waiters_.empty()) {
    auto taken = settled_waiters_.take(
        [this](const Ticket& ticket) { return outcome_of(ticket).has_value(); });
    for (auto& [ticket, settled] : taken) {
      due.settled.emplace_back(*outcome_of(ticket), std::move(settled));
    }
  }
  if (!watches_.empty()) {
    due.readable = watches_.take(
        [this](const Watch& watch) { return end_for(watch.isolation) > watch.offset || retired_; });
  }
  return due;
}

void Partition::Due::call() {
  for (auto& [outcome, callback] : settled) callback(std::move(outcome));
  for (auto& [watch, callback] : readable) callback();
}

Result<void> Partition::wait(const Ticket& ticket) {
  std::unique_lock lock(mutex_);
  for (bool tried = false;;) {
    if (auto outcome = outcome_of(ticket)) return std::move(*outcome);
    if (flushing_) {
      changed_.wait(lock);
      continue;
    }
    if (tried && full_) return Error(*full_);
    lead_flush(lock);
    tried = true;
  }
}

void Partition::flush() {
  flush_queued_.store(false);
  std::unique_lock lock(mutex_);
  while (flushing_) changed_.wait(lock);
  if (!pending_.empty() || roll_requested_) lead_flush(lock);
}

void Partition::flush_up_to(uint64_t sequence) {
  {
    const std::lock_guard lock(mutex_);
    if (resolved_sequence_ >= sequence) return;
  }
  flush();
}

void Partition::lead_flush(std::unique_lock<std::mutex>& lock) {
  flushing_ = true;
  std::vector<Pending> group = std::exchange(pending_, {});
  uint64_t last_sequence = last_sequence_;
  const bool roll_now = std::exchange(roll_requested_, false);
  const int64_t roll_at = group.empty() ? next_offset_ : group.front().header.base_offset;
  const bool refused = failed_.has_value();
  segment_bytes_ =
      std::clamp<int64_t>(config_.segment_bytes, 1, std::numeric_limits<int32_t>::max());
  lock.unlock();

  FlushOutcome outcome;
  if (!refused) {
    if (roll_now && write_position_ > 0) {
      if (auto rolled = roll(roll_at); !rolled.ok()) {
        log_warn("{}: cannot begin a new segment: {}", name_.to_string(),
                 rolled.error().to_string());
      }
    }
    outcome = write_group(group);
  }

  lock.lock();
  bool published = outcome.published > 0;
  // What came while the disk was full has not been tried, and there may be room by now: nobody is
  // refused for a write that began before he came.
  while (outcome.error && !outcome.fatal && !pending_.empty()) {
    join_pending(group, outcome.published);
    last_sequence = last_sequence_;
    lock.unlock();
    outcome = write_group(group);
    lock.lock();
    published = published || outcome.published > 0;
  }
  flushing_ = false;
  if (!refused) settle(outcome, group, last_sequence);
  Due due = take_due();
  lock.unlock();
  changed_.notify_all();
  if (published) environment_.signal.notify();
  due.call();
  lock.lock();
}

// Under the lock: the rest of the group, and behind it what is pending.
void Partition::join_pending(std::vector<Pending>& group, size_t published) {
  const auto rest = group.begin() + static_cast<std::ptrdiff_t>(published);
  for (auto entry = group.begin(); entry != rest; ++entry) pending_bytes_ -= entry->bytes.size();
  group.erase(group.begin(), rest);
  std::move(pending_.begin(), pending_.end(), std::back_inserter(group));
  pending_.clear();
}

// After the group's I/O, under the lock: who is told what.
void Partition::settle(const FlushOutcome& outcome, std::span<Pending> group,
                       uint64_t last_sequence) {
  for (const Pending& entry : group) pending_bytes_ -= entry.bytes.size();
  full_.reset();
  if (!outcome.error) {
    resolved_sequence_ = last_sequence;
    return;
  }
  const std::span<Pending> lost = group.subspan(outcome.published);
  if (outcome.fatal) {
    const uint64_t first_lost = lost.empty() ? last_sequence + 1 : lost.front().sequence;
    remember_failure({first_lost, std::numeric_limits<uint64_t>::max(), *outcome.error});
    resolved_sequence_ = last_sequence_;
    next_offset_ = synced_end_;
    pending_.clear();
    pending_bytes_ = 0;
    failed_ = *outcome.error;
    log_error("{} is read-only from offset {} on: {}", name_.to_string(), synced_end_,
              outcome.error->to_string());
    return;
  }
  full_ = *outcome.error;
  give_up(lost, *outcome.error);
}

// The disk is full: of what is not written only the markers stay. REQUIRES: nothing is pending.
void Partition::give_up(std::span<Pending> lost, const Error& error) {
  next_offset_ = synced_end_;
  producers_ = synced_producers_;
  for (Pending& entry : lost) {
    if (entry.marker) {
      place(std::move(entry));
    } else {
      remember_failure({entry.sequence, entry.sequence, error});
    }
  }
  resolved_sequence_ = pending_.empty() ? last_sequence_ : pending_.front().sequence - 1;
}

void Partition::remember_failure(FailedRange failure) {
  if (!failures_.empty() && failures_.back().to + 1 == failure.from) {
    failures_.back().to = failure.to;
    return;
  }
  failures_.push_back(std::move(failure));
  if (failures_.size() <= kMaxRememberedFailures) return;
  // Joined, the oldest ones say too much of failure, and never too little.
  failures_[1].from = failures_[0].from;
  failures_.pop_front();
}

Partition::FlushOutcome Partition::write_group(std::span<Pending> group) {
  FlushOutcome outcome;
  size_t written = 0;
  while (written < group.size() && !outcome.error) {
    if (must_roll(group[written])) {
      if (auto synced =
              sync_and_publish(group.subspan(outcome.published, written - outcome.published));
          !synced.ok()) {
        outcome.error = std::move(synced).error();
        outcome.fatal = true;
        return outcome;
      }
      outcome.published = written;
      if (auto rolled = roll(group[written].header.base_offset); !rolled.ok()) {
        outcome.error = std::move(rolled).error();
        outcome.fatal = outcome.error->code() != ErrorCode::kNoSpace;
        break;
      }
    }
    auto run = write_run(group.subspan(written));
    if (run.ok()) {
      written += *run;
      continue;
    }
    outcome.error = std::move(run).error();
    outcome.fatal = outcome.error->code() != ErrorCode::kNoSpace;
    if (!outcome.fatal) {
      // What the failed write left of itself goes, so that the next append finds zeros or the end.
      if (!active_->file->truncate(write_position_).ok()) outcome.fatal = true;
      allocated_ = write_position_;
    }
  }
  if (outcome.fatal || written == outcome.published) return outcome;
  if (auto synced = sync_and_publish(group.subspan(outcome.published, written - outcome.published));
      !synced.ok()) {
    outcome.error = std::move(synced).error();
    outcome.fatal = true;
    return outcome;
  }
  outcome.published = written;
  return outcome;
}

bool Partition::must_roll(const Pending& batch) const {
  return write_position_ > 0 &&
         (write_position_ + batch.bytes.size() > static_cast<uint64_t>(segment_bytes_) ||
          batch.header.next_offset() - active_->base_offset >= std::numeric_limits<int32_t>::max());
}

// Writes the first batches of `rest`, as many as one write takes, and returns their number.
Result<size_t> Partition::write_run(std::span<Pending> rest) {
  size_t count = 1;
  uint64_t size = rest[0].bytes.size();
  while (count < rest.size() && size + rest[count].bytes.size() <= kGatheredBytes &&
         write_position_ + size + rest[count].bytes.size() <=
             static_cast<uint64_t>(segment_bytes_)) {
    size += rest[count].bytes.size();
    ++count;
  }
  LEAT_TRY(reserve_space(write_position_ + size));
  if (count == 1) {
    LEAT_TRY(active_->file->write_at(write_position_, rest[0].bytes.view()));
  } else {
    gathered_.clear();
    for (size_t i = 0; i < count; ++i) gathered_.append(rest[i].bytes.view());
    LEAT_TRY(active_->file->write_at(write_position_, gathered_.view()));
  }
  write_position_ += size;
  bytes_since_checkpoint_.fetch_add(size, std::memory_order_relaxed);
  return count;
}

Result<void> Partition::reserve_space(uint64_t end) {
  if (end <= allocated_) return {};
  const uint64_t step = std::clamp(allocated_, kMinReserveStep, kMaxReserveStep);
  const uint64_t wanted =
      std::max(end, std::min<uint64_t>(allocated_ + step, static_cast<uint64_t>(segment_bytes_)));
  auto reserved = active_->file->preallocate(wanted);
  if (reserved.ok()) {
    allocated_ = wanted;
    return {};
  }
  if (reserved.error().code() != ErrorCode::kNoSpace || wanted == end) return reserved;
  LEAT_TRY(active_->file->preallocate(end));
  allocated_ = end;
  return {};
}

Result<void> Partition::sync_and_publish(std::span<Pending> written) {
  if (written.empty()) return {};
  LEAT_TRY(active_->file->sync());
  const std::lock_guard lock(mutex_);
  if (active_->size == 0) active_->first_write_ms = environment_.clock.now_ms();
  for (const Pending& entry : written) {
    active_->index.add(entry.header.base_offset, active_->size, entry.header.max_timestamp);
    active_->size += entry.bytes.size();
    synced_producers_.apply(entry.header, entry.marker);
  }
  synced_end_ = written.back().header.next_offset();
  resolved_sequence_ = written.back().sequence;
  return {};
}

// REQUIRES: everything written is synced and published.
Result<void> Partition::roll(int64_t base_offset) {
  untouched_ = false;
  // Gives reserved space back; a crash before that leaves zeros, which recovery knows.
  LEAT_TRY(active_->file->truncate(write_position_));
  allocated_ = write_position_;
  if (auto indexed = write_index(*active_); !indexed.ok()) {
    log_warn("{}: {}; it will be rebuilt", name_.to_string(), indexed.error().to_string());
  }
  auto segment = std::make_shared<Segment>(base_offset);
  LEAT_ASSIGN(segment->file,
              environment_.files.open(directory_ / segment_file_name(base_offset, kLogExtension),
                                      OpenMode::kCreate));
  LEAT_TRY(segment->file->truncate(0));
  LEAT_TRY(environment_.files.sync_directory(directory_));
  const std::lock_guard lock(mutex_);
  segments_.push_back(segment);
  active_ = std::move(segment);
  write_position_ = 0;
  allocated_ = 0;
  return {};
}

Result<void> Partition::write_index(const Segment& segment) {
  const auto write = [&](std::string_view extension, const std::string& content) -> Result<void> {
    const Path path = directory_ / segment_file_name(segment.base_offset, extension);
    LEAT_ASSIGN(auto file, environment_.files.open(path, OpenMode::kCreate));
    LEAT_TRY(file->truncate(0));
    return file->write_at(0, as_bytes(content));
  };
  LEAT_TRY(write(kIndexExtension, segment.index.encode_offsets()));
  return write(kTimeIndexExtension, segment.index.encode_times());
}

int64_t Partition::readable_end() const {
  // Records of an open transaction may have been deleted.
  return std::max(log_start_offset_,
                  std::min(synced_end_, producers_.first_open_offset().value_or(synced_end_)));
}

int64_t Partition::end_for(Isolation isolation) const {
  return isolation == Isolation::kCommitted ? readable_end() : synced_end_;
}

OffsetRange Partition::offsets() const {
  const std::lock_guard lock(mutex_);
  return {log_start_offset_, readable_end()};
}

PartitionOffsets Partition::all_offsets() const {
  const std::lock_guard lock(mutex_);
  return {
      .log_start = log_start_offset_, .last_stable = readable_end(), .high_watermark = synced_end_};
}

uint64_t Partition::stored_bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment->size;
  return bytes;
}

std::vector<ProducerInfo> Partition::producers() const {
  const std::lock_guard lock(mutex_);
  return producers_.producers();
}

int64_t Partition::synced_end() const {
  const std::lock_guard lock(mutex_);
  return synced_end_;
}

std::vector<OpenTransaction> Partition::open_transactions() const {
  const std::lock_guard lock(mutex_);
  return producers_.open_transactions();
}

}  // namespace leat::log
