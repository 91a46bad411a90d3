// The deliveries of one outside target of a stream, on a thread of their own: what is down or slow
// holds back itself alone.
//
// While the target keeps up, the stream hands it the rows of each committed epoch in memory. When
// it has fallen behind, it takes the entries of the outbox one after the other, oldest first, and
// computes their rows again: what waits needs no memory. A fault is tried again with backoff, for
// ever: only people can say that a target is gone for good.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "base/time/backoff.h"
#include "pipeline/delivery/backlog.h"
#include "pipeline/delivery/delivery.h"

namespace leat::pipeline {

constexpr Backoff kDeliveryBackoff{.first = std::chrono::milliseconds(500)};
// Who waits for the end of the deliveries waits for so many attempts: about a minute.
constexpr int kDeliveryAttempts = 8;
// Epochs whose rows wait in memory, for each target.
constexpr size_t kHandedOver = 2;

enum class TargetState : uint8_t { kUpToDate, kDelivering, kUpForRetry };

// What others may see of a target.
struct TargetSnapshot {
  std::string name;
  TargetState state = TargetState::kUpToDate;
  Backlog backlog;
  std::string error = {};  // of the last attempt, while it failed
  SinkCounts counts = {};  // of its deliveries
};

// Thread-safe, but for start() and stop(), which whoever owns it calls.
class TargetWorker {
 public:
  // `backlog`: what the outbox holds for it.
  TargetWorker(std::unique_ptr<Delivery> delivery, Clock& clock, BacklogLimits limits,
               Backlog backlog);
  ~TargetWorker();  // stops
  TargetWorker(const TargetWorker&) = delete;
  TargetWorker& operator=(const TargetWorker&) = delete;

  // Is called after each step, without a lock. REQUIRES: it does not run.
  void set_listener(std::function<void()> told) { told_ = std::move(told); }
  // No-op while it runs.
  void start();
  // Ends at once where the target is down; one that is well takes what it was handed first. What
  // is left is in the outbox. Then the sink is closed. It may be started again.
  void stop();

  // An epoch that was committed with this entry, in the order of the epochs. `rows` may be null.
  void hand_over(OutboxEntry entry, std::shared_ptr<const EpochRows> rows);

  // Why the stream must wait for it; none: there is room.
  std::optional<std::string> full() const;

  // Waits until nothing is in the outbox and what the target held back is visible. Errors: the last
  // one, when an attempt from now on failed with one that no retry mends, or so many have failed;
  // kCancelled.
  Result<void> finish(std::stop_token stop);
  // The same in two parts, which wait for nothing: flushed() is none while that goes on.
  uint64_t ask_flush();
  std::optional<Result<void>> flushed(uint64_t asked) const;

  // What is broken for good, and not the target's fault: the pipeline's database, or the log.
  std::optional<Error> broken() const;
  TargetSnapshot snapshot() const;
  const std::string& name() const { return delivery_->name(); }

 private:
  struct Item {
    std::shared_ptr<const OutboxEntry> entry;
    std::shared_ptr<const EpochRows> rows;
  };
  enum class Step : uint8_t { kStop, kDeliver, kLoad, kFlush, kFlushDue };

  void run(std::stop_token stop);
  // Waits for the next thing to do.
  Step next_step(Item& item, std::stop_token stop);
  std::optional<DeliveryFault> take(Step step, const Item& item);
  std::optional<DeliveryFault> load();
  void settle(Step step, const Item& item, std::optional<DeliveryFault> fault);
  void nap_after(const std::string& problem, std::stop_token stop);
  std::optional<Error> give_up_error() const;  // REQUIRES: mutex_ is held
  std::optional<Result<void>> flushed_while_locked(uint64_t asked) const;  // the same

  const std::unique_ptr<Delivery> delivery_;
  Clock& clock_;
  const BacklogLimits limits_;
  std::function<void()> told_;
  std::jthread thread_;

  mutable std::mutex mutex_;  // guards what follows; not held while anything is done
  mutable std::condition_variable_any changed_;
  std::deque<Item> queue_;  // the oldest of the outbox, ascending
  bool caught_up_ = false;  // the outbox has nothing but what is in the queue
  uint64_t done_ = 0;       // the last epoch that was delivered
  Backlog backlog_;
  SinkCounts counts_;
  int failures_ = 0;      // since the last success, and since somebody waits for the end
  std::stop_source nap_;  // ends the wait before the next attempt
  std::optional<DeliveryFault> fault_;
  uint64_t flush_asked_ = 0;
  uint64_t flush_taken_ = 0;  // the asking that the flush under way answers
  uint64_t flushed_ = 0;
  std::optional<std::chrono::steady_clock::time_point> due_;  // of flush_due()
};

}  // namespace leat::pipeline
