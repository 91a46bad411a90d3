#include "app/terminal/progress_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "app/terminal/numbers.h"
#include "app/terminal/text_width.h"

namespace leat::terminal {
namespace {

constexpr std::chrono::seconds kLongestPlainInterval{60};

struct Look {
  std::string_view mark;
  std::string_view word;
  Colour colour;
};

Look look_of(ProgressState state, uint64_t tick) {
  static constexpr std::array<std::string_view, 10> kWheel = {"⠋", "⠙", "⠹", "⠸", "⠼",
                                                              "⠴", "⠦", "⠧", "⠇", "⠏"};
  switch (state) {
    case ProgressState::kWaiting:
      return {"·", "waiting", Colour::kDim};
    case ProgressState::kRunning:
      return {kWheel[tick % kWheel.size()], "running", Colour::kCyan};
    case ProgressState::kRetrying:
      return {"↻", "retrying", Colour::kYellow};
    case ProgressState::kDone:
      return {"✓", "done", Colour::kGreen};
    case ProgressState::kFailed:
      return {"✗", "failed", Colour::kRed};
  }
  return {" ", "", Colour::kDim};
}

std::string records_of(const ProgressLine& line) {
  return fmt::format("{} record{}", human_count(line.records), line.records == 1 ? "" : "s");
}

std::string rate_of(const ProgressLine& line) {
  return line.state == ProgressState::kRunning && line.rate ? human_rate(*line.rate) : "";
}

std::string lag_of(const ProgressLine& line) {
  return line.lag ? fmt::format("lag {}", human_count(*line.lag)) : "";
}

std::string letters_of(const ProgressLine& line) {
  return fmt::format("{} dead letter{}", human_count(line.dead_letters),
                     line.dead_letters == 1 ? "" : "s");
}

std::string plain_line(const ProgressLine& line) {
  std::string text = fmt::format("{} {}: {}, {}", line.kind, line.name, look_of(line.state, 0).word,
                                 records_of(line));
  if (const auto rate = rate_of(line); !rate.empty()) text += ", " + rate;
  if (line.lag) text += ", " + lag_of(line);
  if (line.dead_letters > 0) text += ", " + letters_of(line);
  if (!line.message.empty()) text += ", " + printable(line.message);
  if (!line.next.empty()) text += ", " + line.next;
  return text;
}

}  // namespace

std::vector<std::string> render_progress(const std::vector<ProgressLine>& lines,
                                         const Screen& screen, uint64_t tick) {
  size_t name_width = 1;
  size_t kind_width = 1;
  size_t records_width = 1;
  size_t lag_width = 0;
  for (const ProgressLine& line : lines) {
    name_width = std::max(name_width, display_width(printable(line.name)));
    kind_width = std::max(kind_width, display_width(line.kind));
    records_width = std::max(records_width, records_of(line).size());
    lag_width = std::max(lag_width, lag_of(line).size());
  }
  name_width = std::min(name_width, std::max<size_t>(12, screen.width / 3));

  std::vector<std::string> rendered;
  for (const ProgressLine& line : lines) {
    const Look look = look_of(line.state, tick);
    std::string rest =
        fmt::format(" {} {}  {:<8}  {:>{}}  {:>8}", padded_to_width(line.kind, kind_width),
                    padded_to_width(printable(line.name), name_width), look.word, records_of(line),
                    records_width, rate_of(line));
    if (lag_width > 0) rest += fmt::format("  {:<{}}", lag_of(line), lag_width);
    if (line.dead_letters > 0) {
      rest += "  " + letters_of(line);
    }
    if (!line.message.empty()) rest += "  " + printable(line.message);
    if (!line.next.empty()) rest += "  " + line.next;
    rest.resize(rest.find_last_not_of(' ') + 1);
    // One column stays free: a line that fills its row makes some terminals wrap.
    if (screen.width > 3) rest = cut_to_width(rest, screen.width - 2);
    rendered.push_back(painted(look.mark, look.colour, screen) + rest);
  }
  return rendered;
}

std::vector<std::string> PlainProgress::update(const std::vector<ProgressLine>& lines,
                                               std::chrono::steady_clock::time_point now) {
  std::vector<std::string> news;
  for (const ProgressLine& line : lines) {
    const auto [found, is_new] = told_.try_emplace(line.kind + ' ' + line.name);
    Told& told = found->second;
    const bool trouble =
        line.state == ProgressState::kRetrying || line.state == ProgressState::kFailed;
    // What waits has nothing to tell yet.
    if (is_new && line.state == ProgressState::kWaiting && line.message.empty() &&
        line.next.empty()) {
      told_.erase(found);
      continue;
    }
    const bool entered = std::exchange(told.seen, line.state) != line.state || is_new;
    const bool at_once = told.states.insert(line.state).second || (trouble && entered) ||
                         told.message != line.message ||
                         (told.dead_letters == 0 && line.dead_letters > 0);
    const bool changed = told.state != line.state || told.records != line.records ||
                         told.dead_letters != line.dead_letters;
    const bool due = changed && now - told.at >= told.interval;
    if (!at_once && !due) continue;
    news.push_back(plain_line(line));
    if (!at_once) told.interval = std::min(told.interval * 2, kLongestPlainInterval);
    told.state = line.state;
    told.message = line.message;
    told.records = line.records;
    told.dead_letters = line.dead_letters;
    told.at = now;
  }
  return news;
}

std::vector<std::string> PlainProgress::finish(const std::vector<ProgressLine>& lines) {
  return update(lines, std::chrono::steady_clock::time_point::max());
}

}  // namespace leat::terminal
