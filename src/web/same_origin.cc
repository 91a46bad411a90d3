#include "web/same_origin.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text/lower_case.h"

namespace leat::web {
namespace {

// "[::1]:8080" → "[::1]", "localhost:8080" → "localhost"
std::string without_port(std::string_view host) {
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  return std::string(has_port ? host.substr(0, colon) : host);
}

bool is_ip_address(const std::string& name) {
  in6_addr parsed{};
  if (!name.starts_with('[')) return ::inet_pton(AF_INET, name.c_str(), &parsed) == 1;
  return name.ends_with(']') &&
         ::inet_pton(AF_INET6, name.substr(1, name.size() - 2).c_str(), &parsed) == 1;
}

bool is_own_name(std::string_view host, std::span<const std::string> host_names) {
  const std::string name = without_port(host);
  return is_ip_address(name) || same_in_lower_case(name, "localhost") ||
         std::ranges::any_of(host_names,
                             [&](const auto& own) { return same_in_lower_case(name, own); });
}

// Whether "http://127.0.0.1:8080" names the same server as "127.0.0.1:8080". A page without an
// origin of its own, in a sandbox or a file, says "null".
bool is_origin_of(std::string_view origin, std::string_view host) {
  const size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && same_in_lower_case(origin.substr(scheme + 3), host);
}

}  // namespace

std::optional<Response> refused_origin(std::string_view method, const net::Headers& headers,
                                       std::span<const std::string> host_names) {
  const std::string* const host = headers.find("Host");
  if (host != nullptr && !is_own_name(*host, host_names)) {
    return error_response(421, fmt::format("this server is not {}; ask it by its IP address or as "
                                           "localhost",
                                           *host));
  }
  if (const std::string* const origin = headers.find("Origin")) {
    if (host != nullptr && is_origin_of(*origin, *host)) return std::nullopt;
    return error_response(403, fmt::format("a page of {} may not ask this server; open a page of "
                                           "its own, or use a client that is no browser",
                                           *origin));
  }
  const std::string* const site = headers.find("Sec-Fetch-Site");
  if (site == nullptr || method == "GET" || method == "HEAD" ||
      same_in_lower_case(*site, "same-origin") || same_in_lower_case(*site, "none")) {
    return std::nullopt;
  }
  return error_response(403, fmt::format("{} from a page of another site ({}) is refused; open a "
                                         "page of this server",
                                         method, *site));
}

}  // namespace leat::web
