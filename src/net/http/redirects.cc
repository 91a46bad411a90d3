#include "net/http/redirects.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text/lower_case.h"
#include "net/http/url.h"

namespace leat::net {
namespace {

constexpr std::array<std::string_view, 5> kHarmless = {
    "accept", "accept-encoding", "accept-language", "content-type", "user-agent"};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Points the request to where its response redirects; false: nowhere.
Result<bool> redirect(HttpRequest& request, const HttpResponse& response) {
  const auto location = response.header("Location");
  if (!is_redirect(response.status) || !location) return false;
  auto next = resolve_url(request.url, *location);
  if (!next.ok()) {
    return external_error(Retry::kNo, "status {} redirects to where nothing can be fetched: {}",
                          response.status, next.error().message());
  }
  if (request.url.starts_with("https:") && next->starts_with("http:")) {
    return external_error(Retry::kNo, "status {} redirects from https to http", response.status);
  }
  if (!same_origin(request.url, *next)) drop_credentials(request);
  request.url = std::move(*next);
  return true;
}

void drop_body(HttpRequest& request) {
  request.body.clear();
  request.body_source = nullptr;
  request.body_size.reset();
}

}  // namespace

void drop_credentials(HttpRequest& request) {
  request.headers.remove_if([](const Header& header) {
    return std::none_of(kHarmless.begin(), kHarmless.end(), [&header](std::string_view name) {
      return same_in_lower_case(header.name, name);
    });
  });
}

Result<HttpResponse> send_following(HttpClient& client, HttpRequest request, int max_redirects,
                                    std::stop_token stop) {
  for (int followed = 0;; ++followed) {
    LEAT_ASSIGN(HttpResponse response, client.send(request, stop));
    if (max_redirects == 0) return response;
    LEAT_ASSIGN(const bool is_redirected, redirect(request, response));
    if (!is_redirected) return response;
    if (followed == max_redirects) {
      return external_error(Retry::kNo, "more than {} redirects", max_redirects);
    }
    if (response.status <= 303 && request.method != "GET" && request.method != "HEAD") {
      request.method = "GET";
      drop_body(request);
      request.headers.remove_if(
          [](const Header& header) { return same_in_lower_case(header.name, "content-type"); });
    } else if (request.body_source) {
      return external_error(Retry::kNo,
                            "status {} redirects a body that is sent already and cannot be read "
                            "again",
                            response.status);
    }
  }
}

Result<HttpResponse> send_body_to_redirect(HttpClient& client, HttpRequest request,
                                           std::stop_token stop) {
  HttpRequest first = request;
  drop_body(first);
  LEAT_ASSIGN(HttpResponse response, client.send(first, stop));
  LEAT_ASSIGN(const bool is_redirected, redirect(request, response));
  if (!is_redirected) return response;
  return client.send(request, std::move(stop));
}

}  // namespace leat::net
