#include "pipeline/dead_letter/letter_news.h"

#include <algorithm>

#include "base/logging.h"

namespace leat::pipeline {
namespace {

// Further ones are told by their number, as one.
constexpr size_t kMostReasons = 20;
constexpr size_t kMostBytes = 300;
constexpr std::chrono::seconds kLongestInterval{60};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The first line, of a length that a log takes; no byte that a terminal obeys.
std::string one_line(std::string_view text) {
  size_t end = std::min(text.find('\n'), text.size());
  if (end > kMostBytes) {
    end = kMostBytes;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // no half of a character
  }
  std::string line(text.substr(0, end));
  std::replace_if(line.begin(), line.end(), is_control, '?');
  if (line.size() < text.size()) line += "...";
  return line;
}

}  // namespace

std::string letter_reason(std::string_view error) {
  std::string reason;
  const std::string line = one_line(error);
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '"' || c == '\'' || c == '`') {
      const size_t end = line.find(c, at + 1);
      // Backticks name fields, which are part of the reason.
      if (end != std::string::npos && c != '`') {
        reason += "\"\"";
        at = end;
        continue;
      }
    }
    // A digit of a name (INT32, item_2) is part of the reason.
    const char before = at == 0 ? ' ' : line[at - 1];
    const bool in_name =
        before == '_' || (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
        (before >= '0' && before <= '9' && !reason.empty() && reason.back() != '#');
    if (c >= '0' && c <= '9' && !in_name) {
      if (reason.empty() || reason.back() != '#') reason += '#';
    } else {
      reason += c;
    }
  }
  return reason;
}

void LetterNews::add(const std::string& place, const std::string& error) {
  std::string reason = letter_reason(error);
  if (reasons_.size() >= kMostReasons && !reasons_.contains(reason)) reason.clear();
  const auto [found, is_new] = reasons_.try_emplace(reason);
  if (!is_new || reason.empty()) {
    ++found->second.untold;
    if (is_new) found->second.error = "of other reasons";
    return;
  }
  found->second.error = one_line(error);
  found->second.due = clock_.steady_now() + found->second.interval;
  log_warn("{}: {} is a dead letter: {}; see `leat dlq list`", owner_, one_line(place),
           found->second.error);
}

void LetterNews::tell(bool all) {
  const auto now = clock_.steady_now();
  for (auto& [name, reason] : reasons_) {
    if (reason.untold == 0 || (!all && now < reason.due)) continue;
    log_warn("{}: {} more dead letter{}: {}", owner_, reason.untold, reason.untold == 1 ? "" : "s",
             reason.error);
    reason.untold = 0;
    reason.interval = std::min(reason.interval * 2, kLongestInterval);
    reason.due = now + reason.interval;
  }
}

}  // namespace leat::pipeline
