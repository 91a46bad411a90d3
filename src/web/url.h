// The parts of RFC 3986 that an HTTP server and its client need.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace leat::web {

// Names to values, decoded. Of a repeated name the last value counts.
using QueryMap = std::map<std::string, std::string, std::less<>>;

// "a%20b" → "a b"; nullopt when a % is not followed by two hex digits. `plus_is_space` as in a
// query (application/x-www-form-urlencoded), not in a path.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

// The part of a request target before '?', still encoded, and the decoded query behind it;
// nullopt when an escape is malformed or the target does not start with '/'.
struct Target {
  std::string path;
  QueryMap query;
};
std::optional<Target> parse_target(std::string_view target);

// "?a=1&b=x%20y", or nothing for an empty query.
std::string query_string(const QueryMap& query);

}  // namespace leat::web
