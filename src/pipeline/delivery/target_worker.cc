#include "pipeline/delivery/target_worker.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"

namespace leat::pipeline {
namespace {

constexpr size_t kLoadedAtOnce = 16;  // entries of the outbox
constexpr std::chrono::hours kIdleWait{1};

}  // namespace

TargetWorker::TargetWorker(std::unique_ptr<Delivery> delivery, Clock& clock, BacklogLimits limits,
                           Backlog backlog)
    : delivery_(std::move(delivery)),
      clock_(clock),
      limits_(limits),
      backlog_(backlog),
      counts_(delivery_->counts()) {}

TargetWorker::~TargetWorker() { stop(); }

void TargetWorker::start() {
  if (thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    // What an earlier process has left waiting in the target does not wait for more.
    due_ = std::chrono::steady_clock::now();
  }
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void TargetWorker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  thread_ = std::jthread();
  if (auto closed = delivery_->close(); !closed.ok()) {
    log_warn("stream {}: closing {}: {}", delivery_->stream(), name(), closed.error().to_string());
  }
  delivery_->tell_letters(true);
}

void TargetWorker::hand_over(OutboxEntry entry, std::shared_ptr<const EpochRows> rows) {
  const std::lock_guard lock(mutex_);
  const uint64_t epoch = entry.epoch;
  if (epoch > done_) {
    ++backlog_.epochs;
    backlog_.records += entry.rows;
    backlog_.bytes += entry.bytes;
    if (backlog_.oldest == 0) backlog_.oldest = entry.now;
  }
  if (caught_up_ && epoch > done_ && (queue_.empty() || queue_.back().entry->epoch < epoch)) {
    if (queue_.size() < kHandedOver) {
      queue_.push_back({std::make_shared<const OutboxEntry>(std::move(entry)), std::move(rows)});
    } else {
      caught_up_ = false;
    }
  }
  changed_.notify_all();
}

std::optional<std::string> TargetWorker::full() const {
  const std::lock_guard lock(mutex_);
  return pipeline::full(backlog_, limits_, clock_.now());
}

std::optional<Error> TargetWorker::give_up_error() const {
  if (!fault_ || failures_ == 0) return std::nullopt;
  if (fault_->error.retry() == Retry::kYes && failures_ < kDeliveryAttempts) return std::nullopt;
  return fault_->error;
}

uint64_t TargetWorker::ask_flush() {
  const std::lock_guard lock(mutex_);
  // What failed before anybody waited is tried again at once, and counts for nothing.
  failures_ = 0;
  nap_.request_stop();
  changed_.notify_all();
  return ++flush_asked_;
}

std::optional<Result<void>> TargetWorker::flushed(uint64_t asked) const {
  const std::lock_guard lock(mutex_);
  return flushed_while_locked(asked);
}

std::optional<Result<void>> TargetWorker::flushed_while_locked(uint64_t asked) const {
  if (flushed_ >= asked) return Result<void>();
  if (auto error = give_up_error()) return Result<void>(std::move(*error));
  return std::nullopt;
}

Result<void> TargetWorker::finish(std::stop_token stop) {
  const uint64_t asked = ask_flush();
  std::unique_lock lock(mutex_);
  std::optional<Result<void>> flushed;
  changed_.wait(lock, stop, [&] { return (flushed = flushed_while_locked(asked)).has_value(); });
  if (flushed && (flushed->ok() || !stop.stop_requested())) return std::move(*flushed);
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
}

std::optional<Error> TargetWorker::broken() const {
  const std::lock_guard lock(mutex_);
  if (!fault_ || fault_->of_target || fault_->error.retry() == Retry::kYes) return std::nullopt;
  return fault_->error;
}

TargetSnapshot TargetWorker::snapshot() const {
  const std::lock_guard lock(mutex_);
  TargetSnapshot snapshot{.name = delivery_->name(), .backlog = backlog_, .counts = counts_};
  if (fault_) {
    snapshot.state = TargetState::kUpForRetry;
    snapshot.error = fault_->error.message();
  } else if (backlog_.epochs > 0) {
    snapshot.state = TargetState::kDelivering;
  }
  return snapshot;
}

TargetWorker::Step TargetWorker::next_step(Item& item, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool has_rows = !queue_.empty() && queue_.front().rows != nullptr;
    if (stop.stop_requested() && (failures_ > 0 || !has_rows)) return Step::kStop;
    if (!queue_.empty()) {
      item = queue_.front();
      return Step::kDeliver;
    }
    if (!caught_up_) {
      // From here on the stream hands over what it commits; what it committed before is loaded.
      caught_up_ = true;
      return Step::kLoad;
    }
    if (flush_asked_ > flushed_) {
      flush_taken_ = flush_asked_;
      return Step::kFlush;
    }
    const auto now = std::chrono::steady_clock::now();
    if (due_ && *due_ <= now) return Step::kFlushDue;
    const auto until = due_.value_or(now + kIdleWait);
    changed_.wait_until(lock, stop, until,
                        [&] { return !queue_.empty() || !caught_up_ || flush_asked_ > flushed_; });
  }
}

std::optional<DeliveryFault> TargetWorker::load() {
  auto loaded = delivery_->oldest(kLoadedAtOnce);
  if (!loaded.ok()) return DeliveryFault{.error = std::move(loaded).error(), .of_target = false};
  const std::lock_guard lock(mutex_);
  const bool more = loaded->size() == kLoadedAtOnce;
  if (more) {
    // What was handed over meanwhile comes behind what is not loaded yet.
    queue_.clear();
    caught_up_ = false;
  }
  std::deque<Item> items;
  for (auto& entry : *loaded) {
    if (!queue_.empty() && entry.epoch >= queue_.front().entry->epoch) break;
    items.push_back({std::make_shared<const OutboxEntry>(std::move(entry)), nullptr});
  }
  if (!items.empty()) backlog_.oldest = items.front().entry->now;
  queue_.insert(queue_.begin(), std::make_move_iterator(items.begin()),
                std::make_move_iterator(items.end()));
  return std::nullopt;
}

std::optional<DeliveryFault> TargetWorker::take(Step step, const Item& item) {
  switch (step) {
    case Step::kDeliver:
      return delivery_->deliver(*item.entry, item.rows.get());
    case Step::kLoad:
      return load();
    case Step::kFlush:
      return delivery_->flush();
    case Step::kFlushDue: {
      std::optional<std::chrono::milliseconds> next;
      auto fault = delivery_->flush_due(next);
      const std::lock_guard lock(mutex_);
      due_.reset();
      if (!fault && next) due_ = std::chrono::steady_clock::now() + *next;
      if (fault) due_ = std::chrono::steady_clock::now();
      return fault;
    }
    case Step::kStop:
      break;
  }
  return std::nullopt;
}

void TargetWorker::settle(Step step, const Item& item, std::optional<DeliveryFault> fault) {
  const std::lock_guard lock(mutex_);
  if (fault) {
    if (step == Step::kLoad) caught_up_ = false;
    ++failures_;
    fault_ = std::move(fault);
    changed_.notify_all();
    return;
  }
  failures_ = 0;
  fault_.reset();
  if (step == Step::kDeliver) {
    const auto& entry = *item.entry;
    done_ = entry.epoch;
    const int64_t waited = counts_.pending();
    counts_ = delivery_->counts();
    const int64_t taken = waited - counts_.pending();
    if (!queue_.empty() && queue_.front().entry == item.entry) queue_.pop_front();
    backlog_.epochs = std::max<int64_t>(0, backlog_.epochs - 1);
    backlog_.records = std::max<int64_t>(0, backlog_.records - taken);
    backlog_.bytes = std::max<int64_t>(0, backlog_.bytes - entry.bytes);
    if (backlog_.epochs == 0) {
      backlog_ = {};
    } else if (!queue_.empty()) {
      backlog_.oldest = queue_.front().entry->now;
    }
    due_ = std::chrono::steady_clock::now();
  } else if (step == Step::kFlush) {
    flushed_ = flush_taken_;
  }
  changed_.notify_all();
}

void TargetWorker::nap_after(const std::string& problem, std::stop_token stop) {
  std::stop_source nap;
  std::chrono::milliseconds delay{0};
  {
    const std::lock_guard lock(mutex_);
    delay = kDeliveryBackoff.after(failures_);
    nap_ = nap;
  }
  log_warn("stream {}: {}; trying again in {} ms", delivery_->stream(), problem, delay.count());
  const std::stop_callback ended(std::move(stop), [&nap] { nap.request_stop(); });
  clock_.sleep_for(delay, nap.get_token());
}

void TargetWorker::run(std::stop_token stop) {
  while (true) {
    Item item;
    const Step step = next_step(item, stop);
    if (step == Step::kStop) return;
    auto fault = take(step, item);
    delivery_->tell_letters(false);
    std::string problem;
    if (fault) problem = fmt::format("{}: {}", name(), fault->error.message());
    settle(step, item, std::move(fault));
    if (told_) told_();
    if (problem.empty()) continue;
    nap_after(problem, stop);
  }
}

}  // namespace leat::pipeline
