#include "source/http/authentication.h"

#include <utility>

namespace leat::source {
namespace {

using config::Node;
using config::scalar;
using config::ValueKind;

}  // namespace

Result<void> check_header_at(const Node& place, const net::Header& header) {
  if (auto checked = net::check_header(header); !checked.ok()) {
    return user_error("{}: {}", place.location().to_string(), checked.error().message());
  }
  return {};
}

config::Key auth_key() {
  const auto basic = config::mapping({{.name = "user",
                                       .value = scalar(ValueKind::kText),
                                       .doc = "The user's name.",
                                       .required = true},
                                      {.name = "password",
                                       .value = scalar(ValueKind::kText),
                                       .doc = "The password.",
                                       .required = true}});
  const auto api_key = config::mapping(
      {{.name = "header",
        .value = scalar(ValueKind::kText),
        .doc = "The header that carries the key."},
       {.name = "query",
        .value = scalar(ValueKind::kText),
        .doc = "The query parameter that carries the key."},
       {.name = "value", .value = scalar(ValueKind::kText), .doc = "The key.", .required = true}});
  return {
      .name = "auth",
      .value =
          config::one_of({{.name = "bearer",
                           .value = scalar(ValueKind::kText),
                           .doc = "A token for `Authorization: Bearer`."},
                          {.name = "basic", .value = basic, .doc = "User and password (RFC 7617)."},
                          {.name = "api_key",
                           .value = api_key,
                           .doc = "A key in a header or a query parameter."}}),
      .doc =
          "Who asks: exactly one of `bearer`, `basic` and `api_key`; sent to the URL's own server "
          "only, and shown nowhere. Use ${secret:NAME}."};
}

Authentication basic_authentication(const net::Credentials& credentials, SecretMask& mask) {
  net::Header header = net::basic_authorization(credentials.user, credentials.password);
  mask.add(credentials.password);
  mask.add(header.value.substr(header.value.find(' ') + 1));
  return {.headers = {std::move(header)}, .parameters = {}};
}

namespace {

// `node` is the value's place.
Result<Authentication> in_header(const Node& node, net::Header header) {
  LEAT_TRY(check_header_at(node, header));
  return Authentication{.headers = {std::move(header)}, .parameters = {}};
}

}  // namespace

Result<Authentication> parse_authentication(const Node& node, SecretMask& mask) {
  if (!node.present()) return Authentication{};
  if (const Node bearer = node["bearer"]) {
    mask.add(bearer.text());
    if (bearer.text().empty()) {
      return user_error("{}: `bearer` is an empty text", bearer.location().to_string());
    }
    return in_header(bearer, {"Authorization", "Bearer " + bearer.text()});
  }
  if (const Node basic = node["basic"]) {
    // RFC 7617, section 2: the first colon ends the user's name.
    if (basic["user"].text().find(':') != std::string::npos) {
      return user_error("{}: a user's name has no colon", basic["user"].location().to_string());
    }
    return basic_authentication({basic["user"].text(), basic["password"].text()}, mask);
  }
  const Node api_key = node["api_key"];
  const Node header = api_key["header"];
  const Node query = api_key["query"];
  if (header.present() == query.present()) {
    return user_error("{}: `api_key` needs either `header` or `query`",
                      api_key.location().to_string());
  }
  const Node value = api_key["value"];
  mask.add(value.text());
  if (value.text().empty()) {
    return user_error("{}: the value of `api_key` is an empty text", value.location().to_string());
  }
  if (header.present()) return in_header(value, {header.text(), value.text()});
  return Authentication{.headers = {}, .parameters = {{query.text(), value.text()}}};
}

}  // namespace leat::source
