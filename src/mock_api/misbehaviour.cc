#include "mock_api/misbehaviour.h"

#include <algorithm>
#include <charconv>

namespace leat::mock_api {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

template <class T>
std::optional<T> number_of(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> probability_of(std::string_view text) {
  const auto probability = number_of<double>(text);
  if (!probability || !(*probability >= 0 && *probability <= 1)) return std::nullopt;
  return probability;
}

}  // namespace

Result<FailRule> parse_fail_rule(std::string_view text) {
  const auto parts = split(text);
  const Error wrong = user_error(
      "'{}' is not a failure: STATUS:PROBABILITY[:RETRY_AFTER_SECONDS] or reset:PROBABILITY, "
      "for example 429:0.1",
      text);
  if (parts.size() < 2 || parts.size() > 3) return wrong;
  const auto probability = probability_of(parts[1]);
  if (!probability) return wrong;
  if (parts[0] == "reset" && parts.size() == 2) return FailRule{0, *probability, std::nullopt};

  const auto status = number_of<int>(parts[0]);
  if (!status || *status < 300 || *status > 599) return wrong;
  FailRule rule{*status, *probability, std::nullopt};
  if (parts.size() == 3) {
    rule.retry_after = number_of<int>(parts[2]);
    if (!rule.retry_after || *rule.retry_after < 0) return wrong;
  } else if (*status == 429 || *status == 503) {
    rule.retry_after = 1;
  }
  return rule;
}

Result<SlowRule> parse_slow_rule(std::string_view text) {
  const auto parts = split(text);
  if (parts.size() == 2) {
    const auto delay = number_of<uint32_t>(parts[0]);
    const auto probability = probability_of(parts[1]);
    if (delay && probability) return SlowRule{std::chrono::milliseconds(*delay), *probability};
  }
  return user_error("'{}' is not a delay: MILLISECONDS:PROBABILITY, for example 200:0.5", text);
}

Fate roll(const Misbehaviour& misbehaviour, Dice dice) {
  Fate fate;
  for (const SlowRule& rule : misbehaviour.slows) {
    if (dice.hits(rule.probability)) fate.delay += rule.delay;
  }
  for (const FailRule& rule : misbehaviour.fails) {
    if (dice.hits(rule.probability) && !fate.fail) fate.fail = rule;
  }
  fate.truncate = dice.hits(misbehaviour.truncate);
  return fate;
}

RateLimiter::RateLimiter(double per_second, const Clock& clock)
    : per_second_(per_second),
      most_(std::max(1.0, per_second)),
      clock_(clock),
      tokens_(most_),
      last_(clock.steady_now()) {}

bool RateLimiter::admit() {
  if (per_second_ <= 0) return true;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  const std::chrono::duration<double> passed = now - last_;
  last_ = now;
  tokens_ = std::min(most_, tokens_ + passed.count() * per_second_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace leat::mock_api
