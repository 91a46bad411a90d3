#include "source/http/authentication.h"

namespace leat::source {
namespace {

using config::Node;
using config::scalar;
using config::ValueKind;

std::string base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (size_t i = 0; i < text.size(); i += 3) {
    uint32_t block = 0;
    for (size_t j = 0; j < 3; ++j) {
      block = block << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0u);
    }
    for (size_t j = 0; j < 4; ++j) {
      encoded += i + j > text.size() ? '=' : kAlphabet[block >> (18 - 6 * j) & 63];
    }
  }
  return encoded;
}

}  // namespace

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

Authentication basic_authentication(const Credentials& credentials, SecretMask& mask) {
  const std::string token = base64(credentials.user + ":" + credentials.password);
  mask.add(credentials.password);
  mask.add(token);
  return {.headers = {{"Authorization", "Basic " + token}}, .parameters = {}};
}

Result<Authentication> parse_authentication(const Node& node, SecretMask& mask) {
  if (!node.present()) return Authentication{};
  if (const Node bearer = node["bearer"]) {
    mask.add(bearer.text());
    return Authentication{.headers = {{"Authorization", "Bearer " + bearer.text()}},
                          .parameters = {}};
  }
  if (const Node basic = node["basic"]) {
    return basic_authentication({basic["user"].text(), basic["password"].text()}, mask);
  }
  const Node api_key = node["api_key"];
  const Node header = api_key["header"];
  const Node query = api_key["query"];
  if (header.present() == query.present()) {
    return user_error("{}: `api_key` needs either `header` or `query`",
                      api_key.location().to_string());
  }
  const std::string& value = api_key["value"].text();
  mask.add(value);
  if (header.present())
    return Authentication{.headers = {{header.text(), value}}, .parameters = {}};
  return Authentication{.headers = {}, .parameters = {{query.text(), value}}};
}

}  // namespace leat::source
