#include "base/logging.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/secrets.h"
#include "base/text/control_characters.h"

namespace leat {
namespace {

std::atomic<LogLevel> level_now{LogLevel::kWarn};
std::atomic<LogSink> sink_now{nullptr};

constexpr std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info ";
    case LogLevel::kWarn:
      return "warn ";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

void set_log_level(LogLevel level) { level_now = level; }
LogLevel log_level() { return level_now; }
void set_log_sink(LogSink sink) { sink_now = sink; }

void write_log(LogLevel level, std::string_view message) {
  const Micros now_ms = system_clock().now() / 1000 * 1000;
  const std::string line =
      fmt::format("{} {} {}\n", format_timestamp(now_ms), name_of(level),
                  without_control_characters(without_secrets(std::string(message))));
  if (const LogSink sink = sink_now.load()) {
    sink(level, line);
    return;
  }
  // One write per line: lines of several threads do not mix.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace leat
