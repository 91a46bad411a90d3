// Links in HTTP headers (RFC 8288): <https://api.example.com/issues?page=2>; rel="next"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leat::source {

struct Link {
  std::string target;                  // as written: absolute or relative
  std::vector<std::string> relations;  // the tokens of the first `rel`
  bool has_anchor = false;             // about another resource than the one that was asked for
  bool operator==(const Link&) const = default;
};

// The links of one header field, in their order. What is malformed is passed over up to the next
// comma outside quotes and angle brackets; never fails.
std::vector<Link> parse_link_header(std::string_view field);

}  // namespace leat::source
