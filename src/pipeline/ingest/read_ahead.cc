#include "pipeline/ingest/read_ahead.h"

#include <utility>

namespace leat::pipeline {

ReadAhead::ReadAhead(Fetch fetch, std::string cursor, std::stop_token stop)
    : fetch_(std::move(fetch)),
      stop_with_caller_(std::move(stop), [this] { stop_.request_stop(); }),
      first_(std::move(cursor)) {}

ReadAhead::~ReadAhead() {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<TaskBatch> ReadAhead::next() {
  auto batch = [this] {
    if (!thread_.joinable()) return fetch_(first_, stop_.get_token());
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ahead_.has_value(); });
    return *std::exchange(ahead_, std::nullopt);
  }();
  if (!batch.ok() || batch->last) return batch;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = batch->next_cursor;
  }
  if (thread_.joinable()) {
    changed_.notify_all();
  } else {
    thread_ = std::thread([this] { run(); });
  }
  return batch;
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || wanted_; });
    if (closing_) return;
    const std::string cursor = *std::exchange(wanted_, std::nullopt);
    lock.unlock();
    auto batch = fetch_(cursor, stop_.get_token());
    lock.lock();
    ahead_.emplace(std::move(batch));
    changed_.notify_all();
  }
}

}  // namespace leat::pipeline
