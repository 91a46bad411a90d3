#include "base/pool/stepwise.h"

#include <utility>

namespace leat {

Stepwise::Stepwise(WorkerPool& pool, Step step)
    : state_(std::make_shared<State>(pool, std::move(step))) {}

Stepwise::~Stepwise() { end(); }

void Stepwise::wake() {
  const std::lock_guard lock(state_->mutex);
  if (state_->ended) return;
  switch (state_->phase) {
    case State::Phase::kWaiting:
      post(state_);
      break;
    case State::Phase::kPosted:
      break;
    case State::Phase::kRunning:
      state_->woken = true;
      break;
  }
}

void Stepwise::end() {
  std::unique_lock lock(state_->mutex);
  state_->ended = true;
  if (state_->timer) state_->pool.cancel(*std::exchange(state_->timer, std::nullopt));
  state_->stands.wait(lock, [&] { return state_->phase != State::Phase::kRunning; });
  state_->step = {};
}

// REQUIRES: the state's mutex is held.
void Stepwise::post(const std::shared_ptr<State>& state) {
  if (state->timer) state->pool.cancel(*std::exchange(state->timer, std::nullopt));
  state->phase = State::Phase::kPosted;
  state->pool.post([state] { run(state); });
}

void Stepwise::run(const std::shared_ptr<State>& state) {
  {
    const std::lock_guard lock(state->mutex);
    if (state->ended || state->phase != State::Phase::kPosted) return;
    state->phase = State::Phase::kRunning;
    state->woken = false;
  }
  const std::optional<Time> due = state->step();
  const std::lock_guard lock(state->mutex);
  state->phase = State::Phase::kWaiting;
  if (state->ended) {
    state->stands.notify_all();
  } else if (state->woken || (due && *due <= std::chrono::steady_clock::now())) {
    post(state);  // behind what others have posted meanwhile
  } else if (due) {
    state->timer = state->pool.post_at(*due, [state] {
      const std::lock_guard timed(state->mutex);
      state->timer.reset();
      if (!state->ended && state->phase == State::Phase::kWaiting) post(state);
    });
  }
}

}  // namespace leat
