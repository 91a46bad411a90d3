#include "source/http/secret_mask.h"

#include <algorithm>

#include "source/http/transport/url.h"

namespace leat::source {
namespace {

constexpr std::string_view kMask = "***";

void insert(std::vector<std::string>& secrets, std::string secret) {
  if (secret.empty() || std::find(secrets.begin(), secrets.end(), secret) != secrets.end()) return;
  const auto at = std::find_if(secrets.begin(), secrets.end(), [&secret](const std::string& other) {
    return other.size() < secret.size();
  });
  secrets.insert(at, std::move(secret));
}

}  // namespace

void SecretMask::add(std::string secret) {
  insert(secrets_, percent_encoded(secret));
  insert(secrets_, std::move(secret));
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

std::string SecretMask::mask(std::string_view text) const {
  std::string masked;
  while (!text.empty()) {
    const auto secret =
        std::find_if(secrets_.begin(), secrets_.end(),
                     [text](const std::string& it) { return text.starts_with(it); });
    if (secret != secrets_.end()) {
      masked += kMask;
      text.remove_prefix(secret->size());
    } else {
      masked += text.front();
      text.remove_prefix(1);
    }
  }
  return masked;
}

}  // namespace leat::source
