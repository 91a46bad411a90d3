#include "pipeline/epoch/epochs_ahead.h"

#include <system_error>
#include <utility>

namespace leat::pipeline {

Result<PreparedEpoch> EpochsAhead::next(const Offsets& at, const Offsets* until,
                                        const BoundTypes& types) {
  if (auto ahead = std::exchange(ahead_, std::nullopt); ahead) {
    auto epoch = ahead->epoch.get();
    const bool same_end =
        until == nullptr ? !ahead->until : ahead->until && *ahead->until == *until;
    if (same_end && ahead->at == at && ahead->types == types) return epoch;
  }
  return preparer_.next(at, until, types, clock_.now());
}

void EpochsAhead::begin(const EpochInput& done, Offsets at, const Offsets* until) {
  Ahead ahead{.types = done.types, .at = std::move(at), .until = std::nullopt, .epoch = {}};
  if (until != nullptr) ahead.until = *until;
  try {
    ahead.epoch = std::async(std::launch::async, [this, at = ahead.at, end = ahead.until,
                                                  types = ahead.types, now = clock_.now()] {
      return preparer_.next(at, end ? &*end : nullptr, types, now);
    });
    ahead_ = std::move(ahead);
  } catch (const std::system_error&) {
    // No thread is to be had: the epoch is prepared when its turn comes.
  }
}

}  // namespace leat::pipeline
