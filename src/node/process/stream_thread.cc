#include "node/process/stream_thread.h"

#include <algorithm>
#include <future>

#include "base/logging.h"
#include "base/time/backoff.h"

namespace leat::node {
namespace {

constexpr std::chrono::milliseconds kIdleWait{10'000};  // ended early by records and by wake()
constexpr Backoff kBackoff{};

// A wrong query stays wrong however often it runs.
bool may_pass(const Error& error) {
  return error.domain() != ErrorDomain::kUser && error.retry() == Retry::kYes;
}

Error stopped() { return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped"); }

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
    runner_->stop_delivery();
    // Whoever came before the end is still served here; who comes later works on its own thread.
    while (true) {
      std::vector<Work> left;
      {
        const std::lock_guard lock(mutex_);
        left.swap(work_);
        if (left.empty()) {
          running_ = false;
          outcome_.emplace(std::move(result));
          break;
        }
      }
      for (const auto& work : left) work();
    }
    if (const auto error = failure(); error && disk_ != nullptr) {
      log_error("the stream {} has failed, and others go on: {}", runner_->name(),
                error->to_string());
    }
  });
}

Result<void> StreamThread::loop() {
  Result<void> ended = run();
  while (!ended.ok() && disk_ != nullptr && may_pass(ended.error())) {
    LEAT_TRY(wait_after(ended.error()));
    ended = runner_->resume();
    if (ended.ok()) ended = run();
  }
  return ended;
}

Result<void> StreamThread::run() {
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
    runner_->tell_letters();
    if (more) continue;
    LEAT_TRY(runner_->checkpoint_if_due());
    runner_->wait_for_records(kIdleWait, woken);
  }
  runner_->tell_letters(true);
  return stopped();
}

Result<bool> StreamThread::run_epoch() {
  if (disk_ != nullptr) LEAT_TRY(disk_->wait_for_room(stop_.get_token()));
  LEAT_ASSIGN(const bool more, runner_->run_epoch());
  failures_ = 0;
  set_trouble(std::nullopt);
  return more;
}

Result<void> StreamThread::wait_after(const Error& error) {
  const auto delay = kBackoff.after(++failures_);
  const auto until = std::chrono::steady_clock::now() + delay;
  log_warn("stream {}: {}; trying again in {} s", runner_->name(), error.to_string(),
           delay.count() / 1000);
  set_trouble(error);
  if (error.code() == ErrorCode::kNoSpace) disk_->note_failure();
  while (!stop_.stop_requested()) {
    std::stop_token woken;
    for (const auto& work : take_work(woken)) work();
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return {};
    system_clock().sleep_for(left, woken);
  }
  return stopped();
}

void StreamThread::set_trouble(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(error);
}

std::optional<Error> StreamThread::trouble() const {
  const std::string of_delivery = snapshot().trouble;
  const std::lock_guard lock(mutex_);
  if (trouble_ || of_delivery.empty()) return trouble_;
  return external_error(Retry::kYes, "{}", of_delivery);
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

Result<void> StreamThread::deliver_redriven() {
  {
    const std::lock_guard lock(mutex_);
    if (running_) return {};
  }
  const std::lock_guard one_at_a_time(idle_runner_);
  return runner_->flush();
}

Result<int64_t> StreamThread::discard(const pipeline::LetterFilter& filter,
                                      const std::string& because) {
  return between_epochs<int64_t>([&] { return runner_->discard(filter, because); });
}

Result<void> StreamThread::replace_runner(const OpenRunner& open) {
  return between_epochs<void>([&]() -> Result<void> {
    runner_->stop_delivery();  // the new one goes on with what is left in the outbox
    LEAT_ASSIGN(std::shared_ptr<pipeline::StreamRunner> next, open());
    const std::lock_guard lock(mutex_);
    runner_.swap(next);
    return {};
  });
}

std::shared_ptr<pipeline::StreamRunner> StreamThread::runner() const {
  const std::lock_guard lock(mutex_);
  return runner_;
}

}  // namespace leat::node
