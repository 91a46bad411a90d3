// Who asks: bearer token, basic, or an API key in a header or query parameter.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/description.h"
#include "config/node.h"
#include "net/http/headers.h"
#include "net/http/url.h"
#include "source/http/secret_mask.h"

namespace leat::source {

// What authentication adds to every request to the configured URL's origin, and to no other.
struct Authentication {
  net::Headers headers;
  std::vector<net::Parameter> parameters;
};

// The key `auth`.
config::Key auth_key();
// Everything secret in it is added to `mask`, also when the file holds it in clear.
Result<Authentication> parse_authentication(const config::Node& node, SecretMask& mask);
// net::check_header(), with the place of `place` in its error.
Result<void> check_header_at(const config::Node& place, const net::Header& header);
Authentication basic_authentication(const net::Credentials& credentials, SecretMask& mask);

}  // namespace leat::source
