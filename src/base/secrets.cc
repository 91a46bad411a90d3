#include "base/secrets.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace leat {
namespace {

constexpr size_t kShortestSecret = 4;
constexpr std::string_view kMask = "***";

struct Known {
  std::shared_mutex mutex;
  std::vector<std::string> secrets;  // longest first: one may contain another
};

// Never destroyed: threads write messages until the process has ended.
Known& known() {
  static auto* const forever = new Known;
  return *forever;
}

}  // namespace

void remember_secret(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  auto& [mutex, secrets] = known();
  const std::unique_lock lock(mutex);
  if (std::ranges::find(secrets, secret) != secrets.end()) return;
  const auto at = std::ranges::find_if(
      secrets, [secret](const std::string& other) { return other.size() < secret.size(); });
  secrets.emplace(at, secret);
}

std::string without_secrets(std::string text) {
  auto& [mutex, secrets] = known();
  const std::shared_lock lock(mutex);
  for (const std::string& secret : secrets) {
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kMask.size()) {
      text.replace(at, secret.size(), kMask);
    }
  }
  return text;
}

}  // namespace leat
