#include "config/problem_list.h"

#include <algorithm>
#include <tuple>

namespace leat::config {
namespace {

constexpr size_t kMaxProblems = 100;
constexpr size_t kMaxLineShown = 160;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// The byte of the character in `column` (from 1).
size_t byte_of_column(std::string_view line, int column) {
  size_t at = 0;
  for (int i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && is_continuation(line[at])) ++at;
  }
  return at;
}

// A part of a long line around byte `at`, and where `at` is in it.
std::pair<std::string, size_t> shown_part(std::string_view line, size_t at) {
  if (line.size() <= kMaxLineShown) return {std::string(line), at};
  size_t begin = at > kMaxLineShown / 2 ? at - kMaxLineShown / 2 : 0;
  while (begin > 0 && is_continuation(line[begin])) --begin;
  size_t end = std::min(begin + kMaxLineShown, line.size());
  while (end < line.size() && is_continuation(line[end])) ++end;
  std::string part = begin > 0 ? "…" : "";
  const size_t shift = part.size();
  part += line.substr(begin, end - begin);
  if (end < line.size()) part += "…";
  return {part, at - begin + shift};
}

}  // namespace

void ProblemList::add(const Location& location, std::string message) {
  Problem problem{.location = location, .message = std::move(message), .line = {}};
  if (location.line > 0) problem.line = source_->line(location.line);
  problems_.push_back(std::move(problem));
}

std::vector<Problem> ProblemList::take() {
  sort_problems(problems_);
  return std::move(problems_);
}

Problem problem_at(const Pipeline& pipeline, Location location, std::string message) {
  Problem problem{.location = std::move(location), .message = std::move(message), .line = {}};
  if (pipeline.source) problem.line = pipeline.source->line(problem.location.line);
  return problem;
}

void sort_problems(std::vector<Problem>& problems) {
  const auto place = [](const Problem& p) {
    return std::tuple(p.location.line, p.location.column, std::string_view(p.message));
  };
  std::sort(problems.begin(), problems.end(),
            [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  const auto same = [&](const Problem& a, const Problem& b) { return place(a) == place(b); };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
  if (problems.size() > kMaxProblems) {
    const size_t more = problems.size() - kMaxProblems + 1;
    problems.resize(kMaxProblems);
    problems.back().message = fmt::format("and {} more mistakes from here on", more);
  }
}

std::string format_problem(const Problem& problem) {
  const auto place = problem.location.to_string();
  // A flag has no place in a file: it is told as other commands tell theirs.
  const bool is_flag = place.starts_with("--");
  std::string out = place.empty() ? "error: " + problem.message
                    : is_flag     ? fmt::format("error: {}: {}", place, problem.message)
                                  : fmt::format("{}: error: {}", place, problem.message);
  if (problem.location.line == 0) return out;
  const size_t at = byte_of_column(problem.line, problem.location.column);
  const auto [line, caret] = shown_part(problem.line, at);
  out += fmt::format("\n{:>5} | {}\n      | ", problem.location.line, line);
  for (size_t i = 0; i < caret && i < line.size(); ++i) {
    if (!is_continuation(line[i])) out += line[i] == '\t' ? '\t' : ' ';
  }
  out += '^';
  if (caret < line.size() && is_word(line[caret])) {
    for (size_t i = caret + 1; i < line.size() && is_word(line[i]); ++i) {
      if (!is_continuation(line[i])) out += '~';
    }
  }
  return out;
}

std::string backticked(std::string_view text) {
  constexpr size_t kMaxCharacters = 60;
  std::string out = "`";
  size_t characters = 0;
  for (const char c : text) {
    if (!is_continuation(c) && ++characters > kMaxCharacters) {
      out += "…";
      break;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "`";
}

std::string joined(const std::vector<std::string>& names, std::string_view last_word) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? fmt::format(" {} ", last_word) : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace leat::config
