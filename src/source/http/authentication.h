// Who asks: bearer token, basic, or an API key in a header or query parameter.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/description.h"
#include "config/node.h"
#include "source/http/secret_mask.h"
#include "source/http/transport/http_message.h"
#include "source/http/transport/url.h"

namespace leat::source {

// What authentication adds to every request to the configured URL's origin, and to no other.
struct Authentication {
  std::vector<Header> headers;
  std::vector<Parameter> parameters;
};

// The key `auth`.
config::Key auth_key();
// Everything secret in it is added to `mask`, also when the file holds it in clear.
Result<Authentication> parse_authentication(const config::Node& node, SecretMask& mask);
// Whether the header can be sent: a name, and a value that does not go on as another header.
// Errors: user, with the place of `place`; the value is not in them.
Result<void> check_header(const config::Node& place, const Header& header);
Authentication basic_authentication(const Credentials& credentials, SecretMask& mask);

}  // namespace leat::source
