// The next epoch, prepared on another thread while the one before it is committed
// (docs/decisions/010).
#pragma once

#include <future>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/epoch/epoch_preparer.h"

namespace leat::pipeline {

// Not thread-safe. While there is something ahead it uses the preparer, and but for what that
// allows nobody else may.
class EpochsAhead {
 public:
  EpochsAhead(EpochPreparer& preparer, Clock& clock) : preparer_(preparer), clock_(clock) {}

  // The epoch that begins at `at` with `types` and goes up to `until`: what is ahead where that is
  // the one, else prepared now.
  Result<PreparedEpoch> next(const Offsets& at, const Offsets* until, const BoundTypes& types);
  // Begins to prepare the epoch that follows `done`, from `at` on.
  void begin(const EpochInput& done, Offsets at, const Offsets* until);
  // It follows what has not happened, or somebody else needs the preparer.
  void drop() { ahead_.reset(); }

 private:
  struct Ahead {
    BoundTypes types;
    Offsets at;
    std::optional<Offsets> until;
    std::future<Result<PreparedEpoch>> epoch;  // waited for when it goes
  };

  EpochPreparer& preparer_;
  Clock& clock_;
  std::optional<Ahead> ahead_;
};

}  // namespace leat::pipeline
