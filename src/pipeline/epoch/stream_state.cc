#include "pipeline/epoch/stream_state.h"

#include <utility>

namespace leat::pipeline {

Result<std::unique_ptr<StreamState>> StreamState::open(
    std::string stream, std::unique_ptr<store::Connection> connection) {
  std::unique_ptr<StreamState> state(new StreamState(std::move(stream), std::move(connection)));
  LEAT_TRY(state->store_.keep_plans());
  LEAT_TRY(state->reload());
  return state;
}

Result<void> StreamState::reload() {
  LEAT_ASSIGN(auto progress, store_.load_progress(stream_));
  if (progress) progress_ = std::move(*progress);
  return {};
}

Result<bool> StreamState::commit(StreamProgress next, const BoundTypes& types, const Write& write) {
  LEAT_TRY(connection_->begin());
  Result<bool> written = [&]() -> Result<bool> {
    LEAT_ASSIGN(const bool wanted, write(next));
    if (!wanted) return false;
    LEAT_TRY(store_.save_progress(stream_, next));
    if (*types != *types_) LEAT_TRY(store_.save_types(stream_, *types));
    LEAT_TRY(connection_->commit());
    return true;
  }();
  if (!written.ok() || !*written) {
    connection_->rollback();
    return written;
  }
  progress_ = std::move(next);
  types_ = types;
  return true;
}

}  // namespace leat::pipeline
