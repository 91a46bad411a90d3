// Work that goes on for ever, in steps: between two of them it costs no thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/pool/worker_pool.h"

namespace leat {

// One step at a time, on some thread of the pool. Thread-safe.
class Stepwise {
 public:
  using Time = WorkerPool::Time;
  // When the next step is due: a time that is over means at once, none means when it is woken.
  using Step = std::function<std::optional<Time>()>;

  // `pool` outlives it. No step is done before wake().
  Stepwise(WorkerPool& pool, Step step);
  ~Stepwise();  // end()
  Stepwise(const Stepwise&) = delete;
  Stepwise& operator=(const Stepwise&) = delete;

  // A step is done soon. One that is under way is followed by another.
  void wake();
  // No step begins from now on, and none runs when it returns. Not to be called by the step.
  void end();

 private:
  // Outlives the object, as the pool may still hold a timer or a wake-up that does nothing then.
  struct State {
    State(WorkerPool& of, Step made) : pool(of), step(std::move(made)) {}
    WorkerPool& pool;
    Step step;
    std::mutex mutex;  // guards what follows
    std::condition_variable stands;
    enum class Phase : uint8_t { kWaiting, kPosted, kRunning } phase = Phase::kWaiting;
    bool woken = false;  // while it runs
    bool ended = false;
    std::optional<WorkerPool::TimerId> timer;
  };
  static void post(const std::shared_ptr<State>& state);
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace leat
