// The clock that stands still has moved to base.
#pragma once

#include "base/time/fake_clock.h"

namespace leat::source {

using leat::FakeClock;

}  // namespace leat::source
