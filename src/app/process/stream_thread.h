// The thread of one running stream: epochs as records arrive, and other work between two epochs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/disk_guard.h"
#include "base/result.h"
#include "pipeline/stream/stream_runner.h"

namespace leat::app {

// Thread-safe.
class StreamThread {
 public:
  // With `disk`, which outlives it, epochs wait while that is full; else a full disk is an error.
  explicit StreamThread(std::unique_ptr<pipeline::StreamRunner> runner, DiskGuard* disk = nullptr);
  ~StreamThread();  // stops after the epoch under way
  StreamThread(const StreamThread&) = delete;
  StreamThread& operator=(const StreamThread&) = delete;

  void start();
  // Ends the thread when the stream has reached `ends`.
  void finish_at(pipeline::Offsets ends);
  // Ends the thread after the epoch under way.
  void stop();
  // Waits for the end: the error that ended the stream, kCancelled if it was stopped before it
  // reached its end.
  Result<void> join();

  // Of the runner: on the stream's thread between two epochs, or here if the thread does not run.
  Result<pipeline::StreamRunner::Redriven> redrive(
      const pipeline::LetterFilter& filter, const std::optional<pipeline::StreamLetter>& after);
  Result<int64_t> discard(const pipeline::LetterFilter& filter, const std::string& because);

  pipeline::StreamSnapshot snapshot() const { return runner_->snapshot(); }
  const std::string& topic() const { return runner_->topic(); }
  // True once the thread has ended because the stream was where finish_at() said.
  bool reached_end() const;
  // Set once the thread has ended with an error.
  std::optional<Error> failure() const;

 private:
  using Work = std::function<void()>;
  template <class Value>
  Result<Value> between_epochs(const std::function<Result<Value>()>& act);
  Result<void> loop();
  Result<bool> run_epoch();
  // Makes visible what is due; how long to wait for records until more may be. A sink that can be
  // tried again is, like its deliveries.
  Result<std::chrono::milliseconds> flush_due();
  // Ends a wait for records.
  void wake();
  std::vector<Work> take_work(std::stop_token& woken);

  std::unique_ptr<pipeline::StreamRunner> runner_;
  DiskGuard* const disk_;
  std::stop_source stop_;

  mutable std::mutex mutex_;  // guards what follows
  std::stop_source wake_;
  std::vector<Work> work_;
  std::optional<pipeline::Offsets> ends_;
  bool running_ = false;
  std::optional<Result<void>> outcome_;

  // Held during such work after the thread has ended: the runner is for one thread at a time.
  std::mutex idle_runner_;
  std::thread thread_;
};

}  // namespace leat::app
