#include "net/http/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text/hex_digit.h"
#include "base/text/lower_case.h"
#include "base/text/nearest_name.h"

namespace leat::net {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::optional<std::string> part(const UrlHandle& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

// An absolute http(s) URL, resolved against `base` unless that is empty.
Result<UrlHandle> parse(std::string_view base, std::string_view reference) {
  UrlHandle url(curl_url());
  if (!url) return internal_error("libcurl cannot parse URLs");
  CURLUcode code = CURLUE_OK;
  if (!base.empty()) code = curl_url_set(url.get(), CURLUPART_URL, std::string(base).c_str(), 0);
  if (code == CURLUE_OK) {
    code = curl_url_set(url.get(), CURLUPART_URL, std::string(reference).c_str(), CURLU_URLENCODE);
  }
  if (code != CURLUE_OK) {
    if (code == CURLUE_BAD_PORT_NUMBER) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                         "not a URL: its port is no number from 1 to 65535");
    }
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "not a URL: {}",
                       curl_url_strerror(code));
  }
  const std::string scheme = part(url, CURLUPART_SCHEME).value_or("");
  if (scheme != "http" && scheme != "https") {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                       "\"{}\" is not a scheme that can be fetched: http and https are", scheme);
  }
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return url;
}

std::string text_of(const UrlHandle& url) {
  curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
  return part(url, CURLUPART_URL).value_or("");
}

// Calls visit("name=value") for every parameter of the query, as it is written.
template <class Visit>
void for_each_parameter(std::string_view query, const Visit& visit) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.empty()) visit(pair);
  }
}

std::string name_of(std::string_view pair) {
  return leniently_decoded(pair.substr(0, pair.find('=')));
}

std::string_view query_of(std::string_view url) {
  const size_t question = url.find('?');
  if (question == std::string_view::npos) return {};
  const std::string_view query = url.substr(question + 1);
  return query.substr(0, query.find('#'));
}

template <class... Args>
Error wrong(fmt::format_string<Args...> format, Args&&... args) {
  return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, format, std::forward<Args>(args)...);
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Decodes into `decoded` and returns whether every % begins an escape; the others stay as they are.
bool decode(std::string_view text, bool plus_is_space, std::string& decoded) {
  bool is_whole = true;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           hex_digit(text[i + 1]) != kNoHexDigit &&
                           hex_digit(text[i + 2]) != kNoHexDigit;
    if (is_escape) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      is_whole = is_whole && text[i] != '%';
      decoded += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return is_whole;
}

}  // namespace

Result<CheckedUrl> check_url(std::string_view url) {
  const auto is_space = [](unsigned char c) { return c <= ' ' || c == 0x7F; };
  if (const auto space = std::ranges::find_if(url, is_space); space != url.end()) {
    return wrong("the URL has {} at its character {}: write %{:02X} for it, or take it out",
                 *space == ' ' ? "a space" : "a control character", space - url.begin() + 1,
                 static_cast<unsigned char>(*space));
  }
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) {
    return wrong("not an absolute URL: it must begin with http:// or https://");
  }
  const std::string scheme = lower_case(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") {
    const std::vector<std::string> known = {"http", "https"};
    const auto near = nearest_name(scheme, known);
    return wrong("\"{}\" is not a scheme that can be fetched: {}", scheme,
                 near ? fmt::format("did you mean {}://?", *near)
                      : "http and https are; `file` reads files of this machine");
  }
  if (url.substr(scheme_end + 3).starts_with('/')) return wrong("not a URL: it names no server");
  LEAT_ASSIGN(const UrlHandle parsed, parse("", url));
  const std::string host = part(parsed, CURLUPART_HOST).value_or("");
  if (curl_strequal(host.c_str(), "http") != 0 || curl_strequal(host.c_str(), "https") != 0) {
    return wrong("the URL begins with http:// twice");
  }
  if (const auto port = part(parsed, CURLUPART_PORT); port == "0") {
    return wrong("the port 0 is none: ports are 1 to 65535");
  }
  CheckedUrl checked;
  const auto user = part(parsed, CURLUPART_USER, CURLU_URLDECODE);
  const auto password = part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE);
  if (user || password) checked.credentials = Credentials{user.value_or(""), password.value_or("")};
  checked.url = text_of(parsed);
  return checked;
}

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
  LEAT_ASSIGN(const UrlHandle parsed, parse(base, reference));
  return text_of(parsed);
}

bool same_origin(std::string_view a, std::string_view b) {
  const auto first = parse("", a);
  const auto second = parse("", b);
  if (!first.ok() || !second.ok()) return false;
  for (const CURLUPart which : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    const std::string x = part(*first, which, CURLU_DEFAULT_PORT).value_or("");
    const std::string y = part(*second, which, CURLU_DEFAULT_PORT).value_or("");
    if (curl_strequal(x.c_str(), y.c_str()) == 0) return false;
  }
  return true;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  if (!decode(text, plus_is_space, decoded)) return std::nullopt;
  return decoded;
}

std::string leniently_decoded(std::string_view text) {
  std::string decoded;
  decode(text, true, decoded);
  return decoded;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  Target parsed;
  parsed.path = target.substr(0, question);
  if (!percent_decoded(parsed.path)) return std::nullopt;
  if (question == std::string_view::npos) return parsed;

  bool is_whole = true;
  for_each_parameter(target.substr(question + 1), [&](std::string_view pair) {
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    is_whole = is_whole && name && value;
    if (is_whole) parsed.query.insert_or_assign(*std::move(name), *std::move(value));
  });
  if (!is_whole) return std::nullopt;
  return parsed;
}

std::string query_string(const QueryMap& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    text += text.empty() ? '?' : '&';
    text += percent_encoded(name) + '=' + percent_encoded(value);
  }
  return text;
}

std::string form_encoded(std::span<const Parameter> parameters) {
  std::string text;
  for (const Parameter& parameter : parameters) {
    if (!text.empty()) text += '&';
    text += percent_encoded(parameter.name) + '=' + percent_encoded(parameter.value);
  }
  return text;
}

std::string with_parameters(std::string_view url, std::span<const Parameter> parameters) {
  std::string text(url);
  if (parameters.empty()) return text;
  if (text.find('?') == std::string::npos) {
    text += '?';
  } else if (!text.ends_with('?') && !text.ends_with('&')) {
    text += '&';
  }
  return text + form_encoded(parameters);
}

bool has_parameter(std::string_view url, std::string_view name) {
  bool found = false;
  for_each_parameter(query_of(url), [&](std::string_view pair) { found |= name_of(pair) == name; });
  return found;
}

std::string without_parameter(std::string_view url, std::string_view name) {
  const size_t question = url.find('?');
  if (question == std::string_view::npos) return std::string(url);
  std::string query;
  for_each_parameter(query_of(url), [&](std::string_view pair) {
    if (name_of(pair) == name) return;
    query += query.empty() ? '?' : '&';
    query += pair;
  });
  return std::string(url.substr(0, question)) + query;
}

}  // namespace leat::net
