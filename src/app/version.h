// The program's version, one place.
#pragma once

namespace leat::app {

inline constexpr const char* kVersion = LEAT_VERSION;

}  // namespace leat::app
