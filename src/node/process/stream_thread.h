// The thread of one running stream: epochs as records arrive, and other work between two epochs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/disk_guard.h"
#include "base/result.h"
#include "pipeline/running/stream_runner.h"

namespace leat::node {

// Thread-safe.
class StreamThread {
 public:
  // With `disk`, which outlives it, epochs wait while that is full, and a stream whose failure may
  // pass is tried again, later each time, until it is stopped; else each failure ends it.
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
  // To be called when the redrives are done: if the thread does not run, waits until what they put
  // into the outbox is delivered; while it runs, that goes on by itself.
  Result<void> deliver_redriven();
  Result<int64_t> discard(const pipeline::LetterFilter& filter, const std::string& because);

  // Goes on with the runner that `open` makes, between two epochs like a redrive; with the one that
  // it has when that fails.
  using OpenRunner = std::function<Result<std::unique_ptr<pipeline::StreamRunner>>()>;
  Result<void> replace_runner(const OpenRunner& open);

  pipeline::StreamSnapshot snapshot() const { return runner()->snapshot(); }
  std::string topic() const { return runner()->topic(); }
  // True once the thread has ended because the stream was where finish_at() said.
  bool reached_end() const;
  // Set once the thread has ended with an error.
  std::optional<Error> failure() const;
  // What the stream failed with, while it waits to be tried again; kept when it is stopped then.
  std::optional<Error> trouble() const;

 private:
  using Work = std::function<void()>;
  template <class Value>
  Result<Value> between_epochs(const std::function<Result<Value>()>& act);
  // For other threads than the one that runs it.
  std::shared_ptr<pipeline::StreamRunner> runner() const;
  Result<void> loop();
  // Epochs until the end, a stop or an error.
  Result<void> run();
  Result<bool> run_epoch();
  // Whether to try again, when the time for that has come; redrives are done meanwhile.
  Result<void> wait_after(const Error& error);
  void set_trouble(std::optional<Error> error);
  // Ends a wait for records.
  void wake();
  std::vector<Work> take_work(std::stop_token& woken);

  std::shared_ptr<pipeline::StreamRunner> runner_;  // changed by replace_runner(), under mutex_
  DiskGuard* const disk_;
  std::stop_source stop_;
  int failures_ = 0;  // since the last epoch; the thread's own

  mutable std::mutex mutex_;  // guards what follows
  std::stop_source wake_;
  std::vector<Work> work_;
  std::optional<pipeline::Offsets> ends_;
  bool running_ = false;
  std::optional<Result<void>> outcome_;
  std::optional<Error> trouble_;

  // Held during such work after the thread has ended: the runner is for one thread at a time.
  std::mutex idle_runner_;
  std::thread thread_;
};

}  // namespace leat::node
