#include "app/client/held_directory.h"

#include <chrono>

#include "base/clock.h"
#include "web/unix_client.h"

namespace leat::app {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookInterval{20};
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kLongest{60};

}  // namespace

Result<std::unique_ptr<node::Instance>> open_when_free(const Path& data, const OpenInstance& open,
                                                       std::stop_token stop) {
  const web::UnixClient server(data / "leat.sock");
  const auto begin = steady_clock::now();
  auto since = begin;
  std::string holder;
  while (true) {
    auto opened = open();
    if (opened.ok() || opened.error().code() != ErrorCode::kInUse) return opened;
    if (server.answers()) return std::unique_ptr<node::Instance>();
    const auto now = steady_clock::now();
    const std::string& held_by = opened.error().message();
    if (held_by != holder) {
      holder = held_by;
      since = now;
    }
    if (now - since >= kPatience || now - begin >= kLongest ||
        !system_clock().sleep_for(kLookInterval, stop)) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInUse,
                         "{}, which answers no requests: wait until it has ended, or end it",
                         held_by);
    }
  }
}

}  // namespace leat::app
