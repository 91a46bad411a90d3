#include "web/handler_threads.h"

#include <algorithm>
#include <system_error>

namespace leat::web {

HandlerThreads::HandlerThreads(size_t first, size_t most)
    : most_(most), pool_(std::max<size_t>(1, first)), threads_(std::max<size_t>(1, first)) {}

HandlerThreads::~HandlerThreads() { join(); }

void HandlerThreads::begin() {
  const std::lock_guard lock(mutex_);
  if (++busy_ <= threads_ || threads_ >= most_) return;
  try {
    more_.emplace_back([this] { pool_.attach(); });
    ++threads_;
  } catch (const std::system_error&) {
    // No thread is to be had: the work waits for those that are there.
  }
}

void HandlerThreads::end() {
  const std::lock_guard lock(mutex_);
  --busy_;
}

void HandlerThreads::join() {
  pool_.join();
  for (std::thread& thread : more_) thread.join();
  more_.clear();
}

}  // namespace leat::web
