// A stream that runs, whatever computes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "pipeline/running/stream_runner.h"

namespace leat::pipeline {

// Thread-safe.
class RunningStream {
 public:
  virtual ~RunningStream() = default;  // stops after the epoch under way

  virtual void start() = 0;
  // Ends when the stream has reached `ends`.
  virtual void finish_at(Offsets ends) = 0;
  // Ends after the epoch under way.
  virtual void stop() = 0;
  // Waits for the end: the error that ended the stream, kCancelled if it was stopped before it
  // reached its end.
  virtual Result<void> join() = 0;

  // Between two epochs, or on the caller's thread if the stream does not run.
  virtual Result<StreamRunner::Redriven> redrive(const LetterFilter& filter,
                                                 const std::optional<StreamLetter>& after) = 0;
  // To be called when the redrives are done: if the stream does not run, waits until what they put
  // into the outbox is delivered; while it runs, that goes on by itself.
  virtual Result<void> deliver_redriven() = 0;
  virtual Result<int64_t> discard(const LetterFilter& filter, const std::string& because) = 0;
  // Goes on with the runner that `open` makes, between two epochs like a redrive; with the one that
  // it has when that fails.
  using OpenRunner = std::function<Result<std::unique_ptr<StreamRunner>>()>;
  virtual Result<void> replace_runner(const OpenRunner& open) = 0;

  virtual StreamSnapshot snapshot() const = 0;
  virtual std::string topic() const = 0;
  // True once it has ended because it was where finish_at() said.
  virtual bool reached_end() const = 0;
  // Set once it has ended with an error.
  virtual std::optional<Error> failure() const = 0;
  // What it failed with, while it waits to be tried again; kept when it is stopped then.
  virtual std::optional<Error> trouble() const = 0;
};

}  // namespace leat::pipeline
