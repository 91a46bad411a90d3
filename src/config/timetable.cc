#include "config/timetable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text/nearest_name.h"
#include "config/check/quantity.h"

namespace leat::config {
namespace {

constexpr Micros kMinute = 60'000'000;
constexpr Micros kDay = 1440 * kMinute;
// Times outside the years 1 to 9999 have no cron.
constexpr Micros kFirstTime = -62'135'596'800'000'000;
constexpr Micros kLastTime = 253'402'300'800'000'000 - 1;
constexpr int kMaxDaysAhead = 9 * 366;

struct Named {
  std::string_view name;
  std::string_view cron;
};
constexpr std::array kNamed = {Named{"@hourly", "0 * * * *"},   Named{"@daily", "0 0 * * *"},
                               Named{"@midnight", "0 0 * * *"}, Named{"@weekly", "0 0 * * 0"},
                               Named{"@monthly", "0 0 1 * *"},  Named{"@yearly", "0 0 1 1 *"},
                               Named{"@annually", "0 0 1 1 *"}};

struct FieldKind {
  std::string_view name;
  unsigned low, high;
  std::string_view words;  // three letters each, the first for `first_word`
  unsigned first_word;
};
constexpr std::array kFields = {
    FieldKind{"minute", 0, 59, "", 0}, FieldKind{"hour", 0, 23, "", 0},
    FieldKind{"day of month", 1, 31, "", 0},
    FieldKind{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", 1},
    FieldKind{"day of week", 0, 7, "SUNMONTUEWEDTHUFRISAT", 0}};

Micros floor_to(Micros at, Micros unit) {
  const Micros rest = at % unit;
  return at - (rest < 0 ? rest + unit : rest);
}

// One field of a cron, e.g. "1-5,10,*/15"; the bits of the values it names.
class FieldParser {
 public:
  // `begin`: where `text` starts in the whole timetable, for positions.
  FieldParser(std::string_view text, size_t begin, const FieldKind& kind)
      : text_(text), begin_(begin), kind_(kind) {}

  Result<uint64_t> run() {
    uint64_t bits = 0;
    while (true) {
      LEAT_ASSIGN(const uint64_t part, item());
      bits |= part;
      if (at_ == text_.size()) return bits;
      if (text_[at_] != ',') return fail("expected a comma, - or /");
      ++at_;
    }
  }

 private:
  Error fail(std::string_view what) const {
    return user_error("{} field: {}", kind_.name, what).at_position(begin_ + at_);
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // *, a value or a range, each with an optional step.
  Result<uint64_t> item() {
    const size_t begin = at_;
    unsigned low = kind_.low;
    unsigned high = kind_.high == 7 ? 6 : kind_.high;
    bool is_single = false;
    if (!take('*')) {
      LEAT_ASSIGN(low, value());
      high = low;
      is_single = true;
      if (take('-')) {
        LEAT_ASSIGN(high, value());
        is_single = false;
        if (high == 0 && kind_.high == 7) high = 7;  // FRI-SUN
      }
    }
    unsigned step = 1;
    if (take('/')) {
      LEAT_ASSIGN(step, number());
      if (step == 0) return fail("a step must be at least 1");
      if (is_single) high = kind_.high == 7 ? 6 : kind_.high;
    }
    if (low > high) {
      at_ = begin;
      return fail(fmt::format("the range {}-{} ends before it begins", low, high));
    }
    uint64_t bits = 0;
    for (unsigned i = low; i <= high; i += step) bits |= 1ULL << (kind_.high == 7 ? i % 7 : i);
    return bits;
  }

  Result<unsigned> number() {
    unsigned value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc() || value > 1000) return fail("expected a number");
    at_ += static_cast<size_t>(end - first);
    return value;
  }

  Result<unsigned> value() {
    if (const auto word = named_value()) return *word;
    const size_t begin = at_;
    LEAT_ASSIGN(const unsigned value, number());
    if (value < kind_.low || value > kind_.high) {
      at_ = begin;
      return fail(fmt::format("{} is not within {}-{}", value, kind_.low, kind_.high));
    }
    return value;
  }

  std::optional<unsigned> named_value() {
    std::string word(text_.substr(at_, 3));
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (word.size() != 3) return std::nullopt;
    for (size_t i = 0; i + 3 <= kind_.words.size(); i += 3) {
      if (kind_.words.substr(i, 3) != word) continue;
      at_ += 3;
      return kind_.first_word + static_cast<unsigned>(i / 3);
    }
    return std::nullopt;
  }

  std::string_view text_;
  size_t begin_;
  const FieldKind& kind_;
  size_t at_ = 0;
};

// A day as the cron sees it.
struct Day {
  unsigned month, day, weekday;  // weekday: 0 is Sunday
};

Day day_at(Micros midnight) {
  const std::chrono::sys_days days{std::chrono::days(midnight / kDay)};
  const std::chrono::year_month_day date(days);
  return {unsigned(date.month()), unsigned(date.day()), std::chrono::weekday(days).c_encoding()};
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The fields between blanks, with their positions.
std::vector<std::pair<std::string_view, size_t>> split(std::string_view text) {
  std::vector<std::pair<std::string_view, size_t>> fields;
  for (size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    fields.emplace_back(text.substr(begin, i - begin), begin);
  }
  return fields;
}

}  // namespace

Result<Timetable::Cron> Timetable::parse_cron(std::string_view text) {
  const auto fields = split(text);
  if (fields.size() != kFields.size()) {
    return user_error(
        "expected five fields (minute, hour, day of month, month, day of week), not {}",
        fields.size());
  }
  std::array<uint64_t, kFields.size()> bits{};
  for (size_t i = 0; i < kFields.size(); ++i) {
    LEAT_ASSIGN(bits[i], FieldParser(fields[i].first, fields[i].second, kFields[i]).run());
  }
  return Cron{.minutes = bits[0],
              .hours = static_cast<uint32_t>(bits[1]),
              .days = static_cast<uint32_t>(bits[2]),
              .months = static_cast<uint32_t>(bits[3]),
              .weekdays = static_cast<uint32_t>(bits[4]),
              .any_day = fields[2].first == "*",
              .any_weekday = fields[4].first == "*"};
}

Result<Timetable> Timetable::parse(std::string_view text) {
  Timetable out;
  if (text == "none") return out;
  out.text_ = text;
  if (text == "@once") {
    out.once_ = true;
    return out;
  }
  std::string_view cron = text;
  if (text.starts_with('@')) {
    const auto* named =
        std::find_if(kNamed.begin(), kNamed.end(), [&](const Named& n) { return n.name == text; });
    if (named == kNamed.end()) {
      std::vector<std::string> names = {"@once"};
      for (const auto& known : kNamed) names.emplace_back(known.name);
      const auto near = nearest_name(text, names);
      if (near) return user_error("did you mean `{}`?", *near).at_position(0);
      return user_error("known are @once, @hourly, @daily, @weekly, @monthly and @yearly")
          .at_position(0);
    }
    cron = named->cron;
  }
  LEAT_ASSIGN(out.cron_, parse_cron(cron));
  if (!out.next_fire(0)) return user_error("no month of it has such a day: it never comes");
  return out;
}

Timetable Timetable::every(std::chrono::milliseconds period) {
  Timetable out;
  out.period_ = period.count() * 1000;
  out.text_ = "every " + duration_text(period);
  return out;
}

bool Timetable::by_hand() const { return !cron_ && period_ == 0 && !once_; }
std::string Timetable::to_string() const { return text_; }

std::optional<Micros> Timetable::next_fire(Micros after) const {
  if (after < kFirstTime || after > kLastTime) return std::nullopt;
  Micros at = floor_to(after, kMinute) + kMinute;
  Micros midnight = floor_to(at, kDay);
  for (int i = 0; i < kMaxDaysAhead; ++i, midnight += kDay, at = midnight) {
    if (!fires_on(midnight)) continue;
    for (auto minute = static_cast<unsigned>((at - midnight) / kMinute); minute < 1440; ++minute) {
      if ((cron_->hours >> (minute / 60) & 1) == 0) {
        minute = (minute / 60 + 1) * 60 - 1;
      } else if ((cron_->minutes >> (minute % 60) & 1) != 0) {
        return midnight + minute * kMinute;
      }
    }
  }
  return std::nullopt;
}

std::optional<Micros> Timetable::last_fire(Micros at) const {
  if (at < kFirstTime || at > kLastTime) return std::nullopt;
  Micros midnight = floor_to(at, kDay);
  auto last = static_cast<int>((at - midnight) / kMinute);
  for (int i = 0; i < kMaxDaysAhead; ++i, midnight -= kDay, last = 1439) {
    if (!fires_on(midnight)) continue;
    for (int minute = last; minute >= 0; --minute) {
      if ((cron_->hours >> (minute / 60) & 1) == 0) {
        minute = minute / 60 * 60;
      } else if ((cron_->minutes >> (minute % 60) & 1) != 0) {
        return midnight + minute * kMinute;
      }
    }
  }
  return std::nullopt;
}

bool Timetable::fires_on(Micros midnight) const {
  const Day day = day_at(midnight);
  if ((cron_->months >> day.month & 1) == 0) return false;
  const bool day_matches = (cron_->days >> day.day & 1) != 0;
  const bool weekday_matches = (cron_->weekdays >> day.weekday & 1) != 0;
  if (!cron_->any_day && !cron_->any_weekday) return day_matches || weekday_matches;
  return day_matches && weekday_matches;
}

std::optional<DataInterval> Timetable::latest_ended(Micros now) const {
  if (once_) return DataInterval{};
  if (period_ > 0) {
    const Micros end = floor_to(now, period_);
    return DataInterval{end - period_, end};
  }
  if (!cron_) return std::nullopt;
  const auto end = last_fire(now);
  if (!end) return std::nullopt;
  const auto start = last_fire(*end - kMinute);
  if (!start) return std::nullopt;
  return DataInterval{*start, *end};
}

std::optional<DataInterval> Timetable::next(Micros now) const {
  if (period_ > 0) {
    const Micros start = floor_to(now, period_);
    return DataInterval{start, start + period_};
  }
  if (!cron_) return std::nullopt;
  const auto end = next_fire(now);
  if (!end) return std::nullopt;
  const auto start = last_fire(now);
  if (!start) return std::nullopt;
  return DataInterval{*start, *end};
}

}  // namespace leat::config
