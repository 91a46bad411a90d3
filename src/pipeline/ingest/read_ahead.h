// The batches of a task one after the other: while the caller commits one, the next is fetched and
// made ready by a thread of this object's own.
//
// A source is a function of its cursor, so that asking early gives what asking late would have. At
// most one batch is ahead; none is asked for behind the last one, and a task of one batch has no
// thread. What goes wrong with a batch is told when its turn comes.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"
#include "pipeline/ingest/task_batch.h"

namespace leat::pipeline {

// Used by one thread.
class ReadAhead {
 public:
  // Fetches the batch at a cursor and makes it ready. Called by one thread at a time: first by the
  // caller of next(), from then on by this object's own.
  using Fetch = std::function<Result<TaskBatch>(const std::string& cursor, std::stop_token stop)>;

  // Begins with the batch at `cursor`. A stop ends a fetch wherever it is made.
  ReadAhead(Fetch fetch, std::string cursor, std::stop_token stop);
  // Ends the fetch that is under way, and waits for that.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next batch. Fetching of the one behind it has begun when it returns. REQUIRES: neither an
  // error nor the last batch was returned before.
  Result<TaskBatch> next();

 private:
  void run();

  const Fetch fetch_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stop_with_caller_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> wanted_;  // the cursor of the batch to fetch ahead
  std::optional<Result<TaskBatch>> ahead_;
  bool closing_ = false;
  std::thread thread_;
  std::string first_;
};

}  // namespace leat::pipeline
