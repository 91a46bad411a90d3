// Log lines for people: "2026-11-21T09:30:00.123Z warn  topic users_created-0: torn tail of 131
// bytes cut". On standard error; never holds a secret. Thread-safe.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace leat {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

// Lines below the level are dropped. The default is kWarn; `leat --verbose` lowers it.
void set_log_level(LogLevel level);
LogLevel log_level();

// Where lines go instead of standard error (the progress display, tests); nullptr restores it.
using LogSink = void (*)(LogLevel level, std::string_view line);
void set_log_sink(LogSink sink);

void write_log(LogLevel level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level() <= LogLevel::kDebug)
    write_log(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level() <= LogLevel::kInfo)
    write_log(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level() <= LogLevel::kWarn)
    write_log(LogLevel::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  write_log(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace leat
