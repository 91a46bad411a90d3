#include "config/check/scalar_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text/nearest_name.h"
#include "config/check/json_path_syntax.h"
#include "config/check/quantity.h"
#include "config/node_data.h"
#include "config/timetable.h"

namespace leat::config {
namespace {

using Value = decltype(Node::Data::value);

std::string_view expected_text(ValueKind kind) {
  switch (kind) {
    case ValueKind::kInteger:
      return "a whole number";
    case ValueKind::kNumber:
      return "a number";
    case ValueKind::kBoolean:
      return "true or false";
    case ValueKind::kDuration:
      return "a duration such as 30s or 1h30m";
    case ValueKind::kBytes:
      return "a size such as 64KiB or 10MB";
    case ValueKind::kJsonPath:
      return "a JSONPath such as results[*] or login.uuid";
    case ValueKind::kSql:
      return "an SQL query";
    case ValueKind::kTimetable:
      return "a timetable such as \"@daily\", \"*/5 * * * *\" or {every: 60s}";
    default:
      return "a text";
  }
}

template <class T>
bool parse_number(std::string_view text, T& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

class ScalarCheck {
 public:
  ScalarCheck(const Node& value, ValueKind kind, const Place& place, ProblemList& problems)
      : node_(value), kind_(kind), place_(place), problems_(problems) {}

  Node run(const std::vector<std::string>& choices) {
    if (!choices.empty()) return choice(choices);
    if (!node_.is_text()) return wrong("");
    const auto value = parse();
    if (!value) return {};
    auto data = std::make_shared<Node::Data>(*node_.data());
    data->value = *value;
    return Node(std::move(data));
  }

 private:
  // The typed value; nullopt when a problem was added.
  std::optional<Value> parse() {
    const std::string& text = node_.text();
    switch (kind_) {
      case ValueKind::kInteger:
        return number<int64_t>();
      case ValueKind::kNumber:
        return number<double>();
      case ValueKind::kBoolean:
        if (text == "true" || text == "True" || text == "TRUE") return Value(true);
        if (text == "false" || text == "False" || text == "FALSE") return Value(false);
        return failed("");
      case ValueKind::kDuration: {
        auto parsed = parse_duration(text);
        if (!parsed) return failed(parsed.error().message());
        return Value(*parsed);
      }
      case ValueKind::kBytes: {
        auto parsed = parse_bytes(text);
        if (!parsed) return failed(parsed.error().message());
        return Value(*parsed);
      }
      case ValueKind::kJsonPath:
        return positioned(check_json_path(text));
      case ValueKind::kTimetable:
        return positioned(Timetable::parse(text));
      case ValueKind::kSql:
        if (text.find_first_not_of(" \t\r\n") == std::string::npos) return failed("");
        return Value();
      default:
        return Value();
    }
  }

  template <class T>
  std::optional<Value> number() {
    T value{};
    if (!parse_number(node_.text(), value)) return failed("");
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) return failed("");
    }
    return Value(value);
  }

  // A message with the place inside the text.
  template <class T>
  std::optional<Value> positioned(const Result<T>& result) {
    if (result.ok()) return Value();
    const auto& error = result.error();
    const auto place = error.position() ? node_.location_of(*error.position()) : node_.location();
    const auto& substituted = node_.data()->substituted;
    // The message may quote the text.
    const bool has_secret = substituted && substituted->has_secret;
    problems_.add(place, fmt::format("{} is {}, which is no {}{}{}", place_.label,
                                     backticked(node_.masked_text()),
                                     kind_ == ValueKind::kJsonPath ? "JSONPath" : "timetable",
                                     has_secret ? "" : ": ", has_secret ? "" : error.message()));
    return std::nullopt;
  }

  std::optional<Value> failed(std::string_view why) {
    wrong(why);
    return std::nullopt;
  }

  Node wrong(std::string_view why) {
    const auto& at = node_.is_null() ? place_.location : node_.location();
    problems_.add(at, fmt::format("{} must be {}, not {}{}{}", place_.label, expected_text(kind_),
                                  found_text(node_), why.empty() ? "" : ": ", why));
    return {};
  }

  Node choice(const std::vector<std::string>& choices) {
    // `on_error: null` is YAML's null.
    const bool is_null_word = node_.is_null() && !node_.text().empty();
    const std::string text = is_null_word ? "null" : node_.text();
    if ((node_.is_text() || is_null_word) &&
        std::find(choices.begin(), choices.end(), text) != choices.end()) {
      auto data = std::make_shared<Node::Data>(*node_.data());
      data->shape = Shape::kScalar;
      data->text = text;
      return Node(std::move(data));
    }
    const auto near = node_.is_text() ? nearest_name(node_.text(), choices) : std::nullopt;
    problems_.add(
        node_.is_null() ? place_.location : node_.location(),
        fmt::format("{} must be {}, not {}{}", place_.label, joined(choices, "or"),
                    found_text(node_), near ? fmt::format("; did you mean `{}`?", *near) : ""));
    return {};
  }

  const Node& node_;
  const ValueKind kind_;
  const Place& place_;
  ProblemList& problems_;
};

}  // namespace

Node check_scalar(const Node& value, ValueKind kind, const Place& place,
                  const std::vector<std::string>& choices, ProblemList& problems) {
  return ScalarCheck(value, kind, place, problems).run(choices);
}

std::string found_text(const Node& value) {
  if (value.is_mapping()) return "a mapping";
  if (value.is_sequence()) return "a list";
  if (value.is_text() && !value.text().empty()) return backticked(value.masked_text());
  return value.is_text() ? "an empty text" : "nothing";
}

DescriptionPtr timetable_description() {
  static const DescriptionPtr description = [] {
    const std::string later =
        "not built yet; until the scheduler is, a timetable is every or cron, "
        "in UTC and without catchup";
    std::vector<Key> keys = {
        {.name = "every",
         .value = scalar(ValueKind::kDuration),
         .doc = "The time from one run to the next, counted from 1970-01-01T00:00:00Z."},
        {.name = "cron",
         .value = scalar(ValueKind::kText),
         .doc = "Five fields (minute, hour, day of month, month, day of week), or @daily and the "
                "like."},
    };
    for (const char* name : {"timezone", "start", "end", "catchup", "max_active_runs", "jitter"}) {
      keys.push_back({.name = name,
                      .value = scalar(ValueKind::kText),
                      .doc = "Part of the scheduler.",
                      .unsupported = later});
    }
    auto result = std::make_shared<Description>();
    result->kind = ValueKind::kMapping;
    result->keys = std::move(keys);
    result->exactly_one = {"every", "cron"};
    result->example = "{every: 60s}";
    return result;
  }();
  return description;
}

}  // namespace leat::config
