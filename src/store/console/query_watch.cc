#include "store/console/query_watch.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace leat::store {
namespace {

constexpr std::chrono::milliseconds kInterval{50};

}  // namespace

QueryWatch::~QueryWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> QueryWatch::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) return {};
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return os_error(error.code().value(), "cannot begin a thread that limits the query's time");
  }
  return {};
}

void QueryWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    for (Watched* const query : watched_) query->look(now);
    // A query that comes while the thread waits for a time need not wake it: it is looked at then.
    idle_ = watched_.empty();
    if (idle_) {
      wake_.wait(lock, [this] { return stopping_ || !watched_.empty(); });
    } else {
      wake_.wait_for(lock, kInterval, [this] { return stopping_; });
    }
  }
}

QueryWatch::Watched::Watched(QueryWatch& watch, Connection& connection,
                             std::chrono::milliseconds limit, std::stop_token stop,
                             std::function<bool()> is_awaited)
    : watch_(watch),
      connection_(connection),
      deadline_(limit.count() > 0 ? std::chrono::steady_clock::now() + limit : Time::max()),
      stop_(std::move(stop)),
      is_awaited_(std::move(is_awaited)) {
  bool wake = false;
  {
    const std::lock_guard lock(watch_.mutex_);
    watch_.watched_.push_back(this);
    wake = std::exchange(watch_.idle_, false);
  }
  if (wake) watch_.wake_.notify_one();
}

QueryWatch::Watched::~Watched() {
  const std::lock_guard lock(watch_.mutex_);
  std::erase(watch_.watched_, this);
}

bool QueryWatch::Watched::timed_out() const {
  const std::lock_guard lock(watch_.mutex_);
  return timed_out_;
}

// Again and again until the query is gone: DuckDB forgets an interrupt that comes between two
// statements.
void QueryWatch::Watched::look(Time now) {
  if (now >= deadline_) timed_out_ = true;
  if (timed_out_ || stop_.stop_requested() || (is_awaited_ && !is_awaited_())) {
    connection_.interrupt();
  }
}

}  // namespace leat::store
