// URLs (RFC 3986): resolving, escapes, queries, and whether two name the same server (RFC 6454).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leat::net {

struct Parameter {
  std::string name;
  std::string value;
};

struct Credentials {
  std::string user;
  std::string password;
};

// Checks that the URL is absolute, http or https, and takes user and password out of it.
struct CheckedUrl {
  std::string url;  // normalised, without fragment
  std::optional<Credentials> credentials;
};
Result<CheckedUrl> check_url(std::string_view url);

// The absolute URL of `reference` seen from `base` (RFC 3986, section 5), without fragment and
// credentials. Errors: kInvalid when it is no http(s) URL.
Result<std::string> resolve_url(std::string_view base, std::string_view reference);

// Scheme, host and port are the same. REQUIRES: absolute URLs.
bool same_origin(std::string_view a, std::string_view b);

// Everything but A–Z a–z 0–9 - . _ ~ as %XX.
std::string percent_encoded(std::string_view text);
// "a%20b" → "a b"; nullopt when a % is not followed by two hex digits. `plus_is_space` as in a
// query (application/x-www-form-urlencoded), not in a path.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
// A part of a query that somebody else wrote: + is a space, and a % that begins no escape is a %.
std::string leniently_decoded(std::string_view text);

// Names to values, decoded. Of a repeated name the last value counts.
using QueryMap = std::map<std::string, std::string, std::less<>>;
// "?a=1&b=x%20y", or nothing for an empty query.
std::string query_string(const QueryMap& query);

// The part of a request target before '?', still encoded, and the decoded query behind it;
// nullopt when an escape is malformed or the target does not start with '/'.
struct Target {
  std::string path;
  QueryMap query;
};
std::optional<Target> parse_target(std::string_view target);

// "a=1&b=2", encoded.
std::string form_encoded(std::span<const Parameter> parameters);
std::string with_parameters(std::string_view url, std::span<const Parameter> parameters);
bool has_parameter(std::string_view url, std::string_view name);
std::string without_parameter(std::string_view url, std::string_view name);

}  // namespace leat::net
