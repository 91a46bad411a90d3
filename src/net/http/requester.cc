#include "net/http/requester.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/logging.h"
#include "base/text/excerpt.h"
#include "net/http/redirects.h"
#include "net/http/status.h"

namespace leat::net {
namespace {

// How much of a failed response is looked at for its message.
constexpr size_t kShownBytes = 4096;
// Whoever watches wants to know what such a wait is for.
constexpr std::chrono::seconds kLongWait{2};

Error stopped() { return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped"); }

}  // namespace

struct Requester::Attempt {
  Result<HttpResponse> response;
  std::optional<std::chrono::microseconds> wait;  // that the server asks for
};

Requester::Requester(HttpClient& client, Clock& clock, Masking mask, RetryPolicy policy,
                     int max_redirects, std::chrono::microseconds spacing)
    : client_(client),
      clock_(clock),
      mask_(std::move(mask)),
      policy_(policy),
      max_redirects_(max_redirects),
      spacing_(spacing) {}

// False when stopped.
bool Requester::wait_for_turn(std::stop_token stop) {
  if (spacing_.count() == 0) return true;
  const auto now = clock_.steady_now();
  if (last_attempt_ && now - *last_attempt_ < spacing_) {
    const auto wait = std::chrono::ceil<std::chrono::microseconds>(*last_attempt_ + spacing_ - now);
    if (!clock_.sleep_for(wait, std::move(stop))) return false;
  }
  last_attempt_ = clock_.steady_now();
  return true;
}

Requester::Attempt Requester::attempt(const HttpRequest& request, const SendOptions& options,
                                      std::stop_token stop) {
  if (!wait_for_turn(stop)) return {stopped(), std::nullopt};
  auto response = send_following(client_, request, max_redirects_, stop);
  if (!response.ok()) return {std::move(response), std::nullopt};
  if (std::ranges::find(options.answers, response->status) != options.answers.end()) {
    return {std::move(response), std::nullopt};
  }
  const StatusClass status_class = classify_status(*response);
  if (status_class != StatusClass::kSuccess) {
    const Retry retry = status_class == StatusClass::kRetry ? Retry::kYes : Retry::kNo;
    // Masked before it is cut: half a secret is not recognised.
    const std::string shown = excerpt(mask_(response->body.substr(0, kShownBytes)));
    return {external_error(retry, "status {}: {}", response->status, shown),
            retry == Retry::kYes ? requested_wait(*response, clock_.now()) : std::nullopt};
  }
  if (options.check) {
    if (auto checked = options.check(*response); !checked.ok()) {
      return {std::move(checked).error(), std::nullopt};
    }
  }
  return {std::move(response), std::nullopt};
}

Result<HttpResponse> Requester::send(const HttpRequest& request, const SendOptions& options,
                                     std::stop_token stop) {
  for (int number = 0;; ++number) {
    Attempt tried = attempt(request, options, stop);
    if (tried.response.ok() || tried.response.error().code() == ErrorCode::kCancelled) {
      return std::move(tried.response);
    }
    const Error& failure = tried.response.error();
    Error error(failure.domain(), mask_(failure.message()), failure.retry(), failure.code());
    const auto doing =
        fmt::format("{} {}, attempt {}", request.method, mask_(request.url), number + 1);
    if (error.retry() == Retry::kNo || number >= policy_.count)
      return std::move(error).during(doing);
    if (tried.wait && *tried.wait > policy_.max_wait) {
      return external_error(
                 Retry::kYes,
                 "{}; the server asks to wait {} s, which is longer than max_wait ({} s)",
                 error.message(), tried.wait->count() / 1'000'000, policy_.max_wait.count() / 1000)
          .during(doing);
    }
    const double random = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto wait = tried.wait.value_or(policy_.backoff.after(number + 1, random));
    // One failure is nothing special; a source that is down is to be seen.
    const bool told = number > 0 || wait >= kLongWait;
    const auto line =
        fmt::format("{}: {}; again in {} ms", doing, error.message(), wait.count() / 1000);
    if (told) {
      log_warn("{}", line);
    } else {
      log_info("{}", line);
    }
    if (!clock_.sleep_for(wait, stop)) {
      return stopped();
    }
  }
}

}  // namespace leat::net
