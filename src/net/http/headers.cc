#include "net/http/headers.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/text/excerpt.h"
#include "base/text/lower_case.h"

namespace leat::net {
namespace {

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

const std::string* Headers::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields_, [&](const Header& field) { return same_in_lower_case(field.name, name); });
  return found == fields_.end() ? nullptr : &found->value;
}

void Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string name, std::string value) {
  remove_if([&](const Header& field) { return same_in_lower_case(field.name, name); });
  add(std::move(name), std::move(value));
}

Result<void> check_header(const Header& header) {
  // A token (RFC 9110, section 5.6.2).
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto is_name = [](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (header.name.empty() || !std::ranges::all_of(header.name, is_name)) {
    return user_error("a header's name is letters, digits and -, which `{}` is not",
                      excerpt(header.name));
  }
  const auto is_control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; };
  if (header.value.find_first_of("\r\n") != std::string::npos) {
    return user_error("the header `{}` holds a line end", header.name);
  }
  if (std::ranges::any_of(header.value, is_control)) {
    return user_error("the header `{}` holds a control character", header.name);
  }
  return {};
}

Header basic_authorization(std::string_view user, std::string_view password) {
  return {"Authorization", "Basic " + base64(fmt::format("{}:{}", user, password))};
}

}  // namespace leat::net
