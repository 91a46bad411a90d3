// A stream that this process computes: epochs as records arrive, and other work between two of
// them. It holds a thread of the pool only while it has something to do.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/disk_guard.h"
#include "base/pool/stepwise.h"
#include "pipeline/running/running_stream.h"

namespace leat::pipeline {

class LocalStream final : public RunningStream {
 public:
  // With `disk`, epochs wait while that is full, and a stream whose failure may pass is tried
  // again, later each time, until it is stopped; else each failure ends it. Both outlive it.
  LocalStream(std::unique_ptr<StreamRunner> runner, WorkerPool& pool, DiskGuard* disk = nullptr);
  ~LocalStream() override;
  LocalStream(const LocalStream&) = delete;
  LocalStream& operator=(const LocalStream&) = delete;

  void start() override;
  void finish_at(Offsets ends) override;
  void stop() override;
  Result<void> join() override;
  Result<StreamRunner::Redriven> redrive(const LetterFilter& filter,
                                         const std::optional<StreamLetter>& after) override;
  Result<void> deliver_redriven() override;
  Result<int64_t> discard(const LetterFilter& filter, const std::string& because) override;
  Result<void> replace_runner(const OpenRunner& open) override;
  StreamSnapshot snapshot() const override { return runner()->snapshot(); }
  std::string topic() const override { return runner()->topic(); }
  bool reached_end() const override;
  std::optional<Error> failure() const override;
  std::optional<Error> trouble() const override;

 private:
  using Work = std::function<void()>;
  using Due = std::optional<Stepwise::Time>;
  template <class Value>
  Result<Value> between_epochs(const std::function<Result<Value>()>& act);
  // For other threads than the one that runs it.
  std::shared_ptr<StreamRunner> runner() const;

  // What the pool does: other work, then an epoch, if it is time for one.
  Due step();
  struct Next {
    Due due;
    bool ended = false;  // as it should
  };
  // An epoch, if there is room for it.
  Result<Next> advance();
  // Nothing is left to read: what remains is to be delivered.
  Result<Next> finish();
  // When to try again, if that can help.
  Due retry_or_end(const Error& error);
  void end(Result<void> outcome);
  void set_trouble(std::optional<Error> error);
  std::vector<Work> take_work();
  // What records and deliveries call.
  std::function<void()> waker() const;

  std::shared_ptr<StreamRunner> runner_;  // changed by replace_runner(), under mutex_
  DiskGuard* const disk_;
  std::stop_source stop_;
  // Used by the steps only.
  int failures_ = 0;  // since the last epoch
  Due retry_at_;      // no epoch before
  std::unique_ptr<log::TopicReader::Watch> watch_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  std::vector<Work> work_;
  std::optional<Offsets> ends_;
  bool running_ = false;
  std::optional<Result<void>> outcome_;
  std::optional<Error> trouble_;

  // Held during such work after the end: the runner is for one thread at a time.
  std::mutex idle_runner_;
  // Shared with what watches the records, which may call while the stream goes.
  std::shared_ptr<Stepwise> steps_;
};

}  // namespace leat::pipeline
