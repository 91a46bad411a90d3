#include "source/http/secret_mask.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/http/url.h"

namespace leat::source {
namespace {

constexpr std::string_view kMask = "***";
// Around the mark of a hidden secret.
constexpr char kMark = '\x01';

// How many characters of `text` are the secret, percent-encoded as a whole or in part; 0: it does
// not begin with it.
size_t encoded_length(std::string_view text, std::string_view secret) {
  size_t at = 0;
  for (const char c : secret) {
    if (text.size() - at >= 3 && text[at] == '%' &&
        net::leniently_decoded(text.substr(at, 3)) == std::string_view(&c, 1)) {
      at += 3;
    } else if (at < text.size() && (text[at] == c || (c == ' ' && text[at] == '+'))) {
      ++at;
    } else {
      return 0;
    }
  }
  return at;
}

}  // namespace

void SecretMask::add(std::string secret) {
  const auto same = [&secret](const Secret& other) { return other.text == secret; };
  if (secret.empty() || std::any_of(secrets_.begin(), secrets_.end(), same)) return;
  const auto at = std::find_if(secrets_.begin(), secrets_.end(), [&secret](const Secret& other) {
    return other.text.size() < secret.size();
  });
  const size_t number = secrets_.size();
  secrets_.insert(at, {std::move(secret), number});
}

bool SecretMask::add_secrets_of(const config::Node& node) {
  const std::string& text = node.text();
  const std::string masked = node.masked_text();
  if (masked == text) return false;
  // Between the masked text's literal parts stand the secrets.
  size_t at = 0;
  size_t literal = 0;
  for (;;) {
    const size_t mask = masked.find(kMask, literal);
    if (mask == std::string::npos) return true;
    const size_t begin = at + (mask - literal);
    literal = mask + kMask.size();
    const size_t next = masked.find(kMask, literal);
    const std::string after =
        masked.substr(literal, next == std::string::npos ? next : next - literal);
    const size_t end = next == std::string::npos ? text.size() - after.size()
                       : after.empty()           ? text.size()
                                                 : text.find(after, begin);
    if (begin > text.size() || end == std::string::npos || end < begin) {
      add(text);  // cannot be told apart: all of it is secret
      return true;
    }
    add(text.substr(begin, end - begin));
    at = end;
  }
}

template <class Write>
std::string SecretMask::replaced(std::string_view text, const Write& write) const {
  std::string outcome;
  while (!text.empty()) {
    size_t length = 0;
    for (const Secret& secret : secrets_) {
      const bool is_plain = text.starts_with(secret.text);
      length = is_plain ? secret.text.size() : encoded_length(text, secret.text);
      if (length == 0) continue;
      write(secret, !is_plain, outcome);
      break;
    }
    if (length == 0) outcome += text[length++];
    text.remove_prefix(length);
  }
  return outcome;
}

std::string SecretMask::mask(std::string_view text) const {
  return replaced(text, [](const Secret&, bool, std::string& outcome) { outcome += kMask; });
}

std::string SecretMask::hide(std::string_view url) const {
  return replaced(url, [](const Secret& secret, bool is_encoded, std::string& outcome) {
    outcome += fmt::format("{0}{1}{2}{0}", kMark, secret.number, is_encoded ? 'e' : 'p');
  });
}

std::string SecretMask::reveal(std::string_view url) const {
  std::string outcome(url);
  for (const Secret& secret : secrets_) {
    for (const char form : {'e', 'p'}) {
      const std::string mark = fmt::format("{0}{1}{2}{0}", kMark, secret.number, form);
      const std::string text = form == 'e' ? net::percent_encoded(secret.text) : secret.text;
      for (size_t at = 0; (at = outcome.find(mark, at)) != std::string::npos; at += text.size()) {
        outcome.replace(at, mark.size(), text);
      }
    }
  }
  return outcome;
}

}  // namespace leat::source
