#include "source/http/authentication.h"

#include <algorithm>
#include <cctype>

#include "source/format/json_document.h"

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

Result<void> check_header(const Node& place, const Header& header) {
  // A token (RFC 9110, section 5.6.2).
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto is_name = [](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (header.name.empty() || !std::ranges::all_of(header.name, is_name)) {
    return user_error("{}: a header's name is letters, digits and -, which `{}` is not",
                      place.location().to_string(), excerpt(header.name));
  }
  const auto is_control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; };
  if (header.value.find_first_of("\r\n") != std::string::npos) {
    return user_error("{}: the header `{}` holds a line end", place.location().to_string(),
                      header.name);
  }
  if (std::ranges::any_of(header.value, is_control)) {
    return user_error("{}: the header `{}` holds a control character", place.location().to_string(),
                      header.name);
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

Authentication basic_authentication(const Credentials& credentials, SecretMask& mask) {
  const std::string token = base64(credentials.user + ":" + credentials.password);
  mask.add(credentials.password);
  mask.add(token);
  return {.headers = {{"Authorization", "Basic " + token}}, .parameters = {}};
}

namespace {

// `node` is the value's place.
Result<Authentication> in_header(const Node& node, Header header) {
  LEAT_TRY(check_header(node, header));
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
