#include "app/process/upkeep.h"

#include "base/logging.h"

namespace leat::app {
namespace {

constexpr std::chrono::minutes kInterval{1};

}  // namespace

Upkeep::Upkeep(log::Log& log, Clock& clock)
    : thread_([&log, &clock](const std::stop_token& stop) {
        while (clock.sleep_for(kInterval, stop)) {
          const auto done = log.maintain();
          if (!done.ok()) log_warn("upkeep of the log: {}", done.error().to_string());
        }
      }) {}

}  // namespace leat::app
