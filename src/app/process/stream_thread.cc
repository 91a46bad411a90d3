#include "app/process/stream_thread.h"

#include <algorithm>
#include <future>

#include "base/logging.h"

namespace leat::app {
namespace {

constexpr std::chrono::milliseconds kIdleWait{10'000};  // ended early by records and by wake()

}  // namespace

StreamThread::StreamThread(std::unique_ptr<pipeline::StreamRunner> runner, DiskGuard* disk)
    : runner_(std::move(runner)), disk_(disk) {}

StreamThread::~StreamThread() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void StreamThread::start() {
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  thread_ = std::thread([this] {
    Result<void> result = loop();
    // Whoever came before the end is still served here; who comes later works on its own thread.
    while (true) {
      std::vector<Work> left;
      {
        const std::lock_guard lock(mutex_);
        left.swap(work_);
        if (left.empty()) {
          running_ = false;
          outcome_.emplace(std::move(result));
          return;
        }
      }
      for (const auto& work : left) work();
    }
  });
}

Result<void> StreamThread::loop() {
  while (!stop_.stop_requested()) {
    std::stop_token woken;
    for (const auto& work : take_work(woken)) work();
    std::optional<pipeline::Offsets> ends;
    {
      const std::lock_guard lock(mutex_);
      ends = ends_;
    }
    if (ends) return runner_->drain(*ends, stop_.get_token());
    LEAT_ASSIGN(const bool more, run_epoch());
    const auto wait = flush_due();
    if (!wait.ok()) return Error(wait.error());
    if (more) continue;
    LEAT_TRY(runner_->checkpoint_if_due());
    runner_->wait_for_records(*wait, woken);
  }
  LEAT_TRY(runner_->flush());
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
}

// An epoch that meets a full disk is run again when there is room.
Result<bool> StreamThread::run_epoch() {
  if (disk_ == nullptr) return runner_->run_epoch();
  LEAT_TRY(disk_->wait_for_room(stop_.get_token()));
  auto more = runner_->run_epoch();
  while (!more.ok() && more.error().code() == ErrorCode::kNoSpace) {
    log_warn("stream on {}: {}", topic(), more.error().to_string());
    LEAT_TRY(disk_->wait_after_failure(stop_.get_token()));
    auto resumed = runner_->resume();
    more = resumed.ok() ? runner_->run_epoch() : Result<bool>(std::move(resumed).error());
  }
  return more;
}

Result<std::chrono::milliseconds> StreamThread::flush_due() {
  const auto due = runner_->flush_due();
  if (due.ok()) return std::min(kIdleWait, due->value_or(kIdleWait));
  if (due.error().retry() == Retry::kNo) return Error(due.error());
  log_warn("stream on {}: {}; trying again", topic(), due.error().to_string());
  return kIdleWait;
}

std::vector<StreamThread::Work> StreamThread::take_work(std::stop_token& woken) {
  const std::lock_guard lock(mutex_);
  if (wake_.stop_requested() && !stop_.stop_requested()) wake_ = std::stop_source();
  woken = wake_.get_token();
  std::vector<Work> taken;
  taken.swap(work_);
  return taken;
}

void StreamThread::wake() {
  const std::lock_guard lock(mutex_);
  wake_.request_stop();
}

void StreamThread::finish_at(pipeline::Offsets ends) {
  {
    const std::lock_guard lock(mutex_);
    ends_ = std::move(ends);
  }
  wake();
}

void StreamThread::stop() {
  stop_.request_stop();
  wake();
}

Result<void> StreamThread::join() {
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  return outcome_ ? *outcome_ : Result<void>();
}

bool StreamThread::reached_end() const {
  const std::lock_guard lock(mutex_);
  return outcome_ && outcome_->ok();
}

std::optional<Error> StreamThread::failure() const {
  const std::lock_guard lock(mutex_);
  if (!outcome_ || outcome_->ok() || outcome_->error().code() == ErrorCode::kCancelled) return {};
  return outcome_->error();
}

template <class Value>
Result<Value> StreamThread::between_epochs(const std::function<Result<Value>()>& act) {
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
  wake();
  return done.get();
}

Result<pipeline::StreamRunner::Redriven> StreamThread::redrive(
    const pipeline::LetterFilter& filter, const std::optional<pipeline::StreamLetter>& after) {
  return between_epochs<pipeline::StreamRunner::Redriven>(
      [&] { return runner_->redrive(filter, after); });
}

Result<int64_t> StreamThread::discard(const pipeline::LetterFilter& filter,
                                      const std::string& because) {
  return between_epochs<int64_t>([&] { return runner_->discard(filter, because); });
}

}  // namespace leat::app
