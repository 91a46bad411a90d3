#include "pipeline/running/local_stream.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/logging.h"
#include "base/time/backoff.h"

namespace leat::pipeline {
namespace {

constexpr std::chrono::milliseconds kIdleWait{10'000};  // ended early by records and by wake()
constexpr std::chrono::milliseconds kDiskWait{1'000};   // until it is looked at again

// A wrong query stays wrong however often it runs.
bool may_pass(const Error& error) {
  return error.domain() != ErrorDomain::kUser && error.retry() == Retry::kYes;
}

Error stopped() { return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped"); }

std::optional<Stepwise::Time> in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

constexpr Stepwise::Time kAtOnce{};
constexpr Backoff kBackoff{};

}  // namespace

LocalStream::LocalStream(std::unique_ptr<StreamRunner> runner, WorkerPool& pool, DiskGuard* disk)
    : runner_(std::move(runner)),
      disk_(disk),
      steps_(std::make_shared<Stepwise>(pool, [this] { return step(); })) {
  runner_->set_delivery_listener(waker());
}

LocalStream::~LocalStream() {
  stop();
  (void)join();
  steps_->end();
}

void LocalStream::start() {
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  steps_->wake();
}

LocalStream::Due LocalStream::step() {
  watch_.reset();
  for (const auto& work : take_work()) work();
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return {};
  }
  const bool stopping = stop_.stop_requested();
  if (retry_at_ && !stopping && std::chrono::steady_clock::now() < *retry_at_) return retry_at_;
  const auto next = advance();
  if (!next.ok()) return retry_or_end(next.error());
  if (next->ended) end({});
  return next->due;
}

Result<LocalStream::Next> LocalStream::advance() {
  if (stop_.stop_requested()) {
    runner_->tell_letters(true);
    return stopped();
  }
  if (disk_ != nullptr && !disk_->has_room()) return Next{in(kDiskWait)};
  if (retry_at_) {
    LEAT_TRY(runner_->resume());
    retry_at_.reset();
  }
  std::optional<Offsets> ends;
  {
    const std::lock_guard lock(mutex_);
    ends = ends_;
  }
  LEAT_ASSIGN(const bool more, runner_->run_epoch(ends ? &*ends : nullptr));
  failures_ = 0;
  set_trouble(std::nullopt);
  runner_->tell_letters(ends && !more);
  if (more) return Next{kAtOnce};
  if (ends) return finish();
  LEAT_TRY(runner_->checkpoint_if_due());
  watch_ = runner_->watch_records(waker());
  return Next{in(kIdleWait)};
}

Result<LocalStream::Next> LocalStream::finish() {
  LEAT_ASSIGN(const bool flushed, runner_->flush_step());
  if (!flushed) return Next{in(kIdleWait)};
  // What waited for the backlog of a target goes on.
  if (runner_->waits_for_target()) return Next{kAtOnce};
  return Next{{}, true};
}

LocalStream::Due LocalStream::retry_or_end(const Error& error) {
  const bool stopping = error.code() == ErrorCode::kCancelled || stop_.stop_requested();
  if (disk_ == nullptr || stopping || !may_pass(error)) {
    if (!stopping && disk_ != nullptr) {
      log_error("the stream {} has failed, and others go on: {}", runner_->name(),
                error.to_string());
    }
    end(error);
    return {};
  }
  const auto delay = kBackoff.after(++failures_);
  log_warn("stream {}: {}; trying again in {} s", runner_->name(), error.to_string(),
           delay.count() / 1000);
  set_trouble(error);
  if (error.code() == ErrorCode::kNoSpace) disk_->note_failure();
  retry_at_ = in(delay);
  return retry_at_;
}

// Whoever came before the end is still served here; who comes later works on its own thread.
void LocalStream::end(Result<void> outcome) {
  runner_->stop_delivery();
  while (true) {
    std::vector<Work> left;
    {
      const std::lock_guard lock(mutex_);
      left.swap(work_);
      if (left.empty()) {
        running_ = false;
        outcome_.emplace(std::move(outcome));
        ended_.notify_all();
        return;
      }
    }
    for (const auto& work : left) work();
  }
}

std::function<void()> LocalStream::waker() const {
  return [steps = std::weak_ptr<Stepwise>(steps_)] {
    if (const auto still_there = steps.lock()) still_there->wake();
  };
}

void LocalStream::set_trouble(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(error);
}

std::optional<Error> LocalStream::trouble() const {
  const std::string of_delivery = snapshot().trouble;
  const std::lock_guard lock(mutex_);
  if (trouble_ || of_delivery.empty()) return trouble_;
  return external_error(Retry::kYes, "{}", of_delivery);
}

std::vector<LocalStream::Work> LocalStream::take_work() {
  const std::lock_guard lock(mutex_);
  return std::exchange(work_, {});
}

void LocalStream::finish_at(Offsets ends) {
  {
    const std::lock_guard lock(mutex_);
    ends_ = std::move(ends);
  }
  steps_->wake();
}

void LocalStream::stop() {
  stop_.request_stop();
  steps_->wake();
}

Result<void> LocalStream::join() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [&] { return !running_; });
  return outcome_ ? *outcome_ : Result<void>();
}

bool LocalStream::reached_end() const {
  const std::lock_guard lock(mutex_);
  return outcome_ && outcome_->ok();
}

std::optional<Error> LocalStream::failure() const {
  const std::lock_guard lock(mutex_);
  if (!outcome_ || outcome_->ok() || outcome_->error().code() == ErrorCode::kCancelled) return {};
  return outcome_->error();
}

template <class Value>
Result<Value> LocalStream::between_epochs(const std::function<Result<Value>()>& act) {
  std::promise<Result<Value>> promise;
  auto done = promise.get_future();
  bool here = false;
  {
    const std::lock_guard lock(mutex_);
    here = !running_;
    if (!here) work_.push_back([&] { promise.set_value(act()); });
  }
  if (here) {
    const std::lock_guard one_at_a_time(idle_runner_);
    return act();
  }
  steps_->wake();
  return done.get();
}

Result<StreamRunner::Redriven> LocalStream::redrive(const LetterFilter& filter,
                                                    const std::optional<StreamLetter>& after) {
  return between_epochs<StreamRunner::Redriven>([&] { return runner_->redrive(filter, after); });
}

Result<void> LocalStream::deliver_redriven() {
  {
    const std::lock_guard lock(mutex_);
    if (running_) return {};
  }
  const std::lock_guard one_at_a_time(idle_runner_);
  return runner_->flush();
}

Result<int64_t> LocalStream::discard(const LetterFilter& filter, const std::string& because) {
  return between_epochs<int64_t>([&] { return runner_->discard(filter, because); });
}

Result<void> LocalStream::replace_runner(const OpenRunner& open) {
  return between_epochs<void>([&]() -> Result<void> {
    runner_->stop_delivery();  // the new one goes on with what is left in the outbox
    LEAT_ASSIGN(std::shared_ptr<StreamRunner> next, open());
    next->set_delivery_listener(waker());
    const std::lock_guard lock(mutex_);
    runner_.swap(next);
    return {};
  });
}

std::shared_ptr<StreamRunner> LocalStream::runner() const {
  const std::lock_guard lock(mutex_);
  return runner_;
}

}  // namespace leat::pipeline
