// Names in the directory of a log.
#pragma once

#include <string_view>

namespace leat::log {

inline constexpr std::string_view kCatalogName = "topics";
inline constexpr std::string_view kRecoveryPointName = "recovery-point-offset-checkpoint";
inline constexpr std::string_view kLogStartName = "log-start-offset-checkpoint";
inline constexpr std::string_view kLogLockName = ".lock";

}  // namespace leat::log
