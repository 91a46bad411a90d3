#include "source/http/transport/redirects.h"

#include <algorithm>
#include <array>

#include "source/http/transport/url.h"

namespace leat::source {
namespace {

constexpr std::array<std::string_view, 4> kHarmless = {"accept", "accept-language", "content-type",
                                                       "user-agent"};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

void drop_credentials(HttpRequest& request) {
  std::erase_if(request.headers, [](const Header& header) {
    return std::none_of(kHarmless.begin(), kHarmless.end(), [&header](std::string_view name) {
      return equals_ignoring_case(header.name, name);
    });
  });
}

Result<HttpResponse> send_following(HttpClient& client, HttpRequest request, int max_redirects,
                                    std::stop_token stop) {
  for (int followed = 0;; ++followed) {
    LEAT_ASSIGN(HttpResponse response, client.send(request, stop));
    const auto location = response.header("Location");
    if (!is_redirect(response.status) || !location || max_redirects == 0) return response;
    if (followed == max_redirects) {
      return external_error(Retry::kNo, "more than {} redirects", max_redirects);
    }
    auto next = resolve_url(request.url, *location);
    if (!next.ok()) {
      return external_error(Retry::kNo, "status {} redirects to what is {}", response.status,
                            next.error().message());
    }
    if (request.url.starts_with("https:") && next->starts_with("http:")) {
      return external_error(Retry::kNo, "status {} redirects from https to http", response.status);
    }
    if (!same_origin(request.url, *next)) drop_credentials(request);
    if (response.status <= 303 && request.method != "GET") {
      request.method = "GET";
      request.body.clear();
      std::erase_if(request.headers, [](const Header& header) {
        return equals_ignoring_case(header.name, "content-type");
      });
    }
    request.url = std::move(*next);
  }
}

}  // namespace leat::source
