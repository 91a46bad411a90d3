#include "stream/quick/quick_cast.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "base/text/hex_digit.h"
#include "store/function/own_function.h"

namespace leat::stream {
namespace {

// Numbers of decimal digits at fixed places; looks whether all of them were digits at the end.
class Digits {
 public:
  explicit Digits(const char* text) : text_(text) {}

  template <int kCount>
  unsigned number(size_t at) {
    unsigned value = 0;
    for (size_t i = at; i < at + kCount; ++i) {
      const unsigned digit = static_cast<unsigned char>(text_[i]) - unsigned{'0'};
      wrong_ |= digit > 9;
      value = value * 10 + digit;
    }
    return value;
  }
  bool all_were_digits() const { return !wrong_; }

 private:
  const char* text_;
  bool wrong_ = false;
};

template <class Value, std::optional<Value> (*parse)(std::string_view)>
void cast(duckdb_function_info /*info*/, duckdb_data_chunk input, duckdb_vector output) {
  const duckdb_vector from = duckdb_data_chunk_get_vector(input, 0);
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(from));
  uint64_t* const known = duckdb_vector_get_validity(from);
  auto* values = static_cast<Value*>(duckdb_vector_get_data(output));
  uint64_t* valid = nullptr;
  const idx_t size = duckdb_data_chunk_get_size(input);
  for (idx_t i = 0; i < size; ++i) {
    std::optional<Value> value;
    if (duckdb_validity_row_is_valid(known, i)) {
      value = parse({duckdb_string_t_data(&texts[i]), duckdb_string_t_length(texts[i])});
    }
    if (value) {
      values[i] = *value;
      continue;
    }
    if (valid == nullptr) {
      duckdb_vector_ensure_validity_writable(output);
      valid = duckdb_vector_get_validity(output);
    }
    duckdb_validity_set_row_invalid(valid, i);
  }
}

bool is_cast_at(const Json& node, const std::set<size_t>& positions) {
  if (!node.is_object() || class_of(node) != "CAST") return false;
  const auto position = position_of(node);
  return position && positions.contains(*position) && class_of(node.at("child")) == "COLUMN_REF";
}

struct QuickCast {
  std::string_view type;      // in DuckDB's syntax tree
  std::string_view function;  // of a VARCHAR; an Executor calls it by a name of its own
  duckdb_type result;
  duckdb_scalar_function_t run;
};
constexpr QuickCast kQuickCasts[] = {
    {"TIMESTAMP WITH TIME ZONE", "__leat_quick_timestamptz", DUCKDB_TYPE_TIMESTAMP_TZ,
     cast<int64_t, quick_timestamp>},
    {"TIMESTAMP", "__leat_quick_timestamp", DUCKDB_TYPE_TIMESTAMP, cast<int64_t, quick_timestamp>},
    {"UUID", "__leat_quick_uuid", DUCKDB_TYPE_UUID, cast<duckdb_hugeint, quick_uuid>},
};

}  // namespace

std::optional<int64_t> quick_timestamp(std::string_view text) {
  constexpr size_t kSeconds = std::string_view("1992-03-08T15:13:16").size();
  constexpr size_t kFractionDigits = 6;
  if (text.size() <= kSeconds || text.size() > kSeconds + 1 + kFractionDigits + 1) return {};
  const bool marked = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == ' ') &&
                      text[13] == ':' && text[16] == ':' && text.back() == 'Z';
  if (!marked) return {};
  Digits digits(text.data());
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(digits.number<4>(0))),
                                        std::chrono::month(digits.number<2>(5)),
                                        std::chrono::day(digits.number<2>(8))};
  const unsigned hour = digits.number<2>(11);
  const unsigned minute = digits.number<2>(14);
  const unsigned second = digits.number<2>(17);
  unsigned micros = 0;
  if (text.size() > kSeconds + 1) {
    if (text[kSeconds] != '.' || text.size() == kSeconds + 2) return {};
    for (size_t at = kSeconds + 1; at < kSeconds + 1 + kFractionDigits; ++at) {
      micros = micros * 10 + (at + 1 < text.size() ? digits.number<1>(at) : 0);
    }
  }
  const bool there_is = digits.all_were_digits() && day.ok() && day.year() > std::chrono::year(0) &&
                        hour < 24 && minute < 60 && second < 60;
  if (!there_is) return {};
  const int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000 + micros;
}

std::optional<duckdb_hugeint> quick_uuid(std::string_view text) {
  constexpr std::array<size_t, 16> kBytes = {0,  2,  4,  6,  9,  11, 14, 16,
                                             19, 21, 24, 26, 28, 30, 32, 34};
  if (text.size() != 36) return {};
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return {};
  uint8_t all = 0;
  const auto half = [&](size_t first) {
    uint64_t value = 0;
    for (size_t i = first; i < first + 8; ++i) {
      const uint8_t high = hex_digit(text[kBytes[i]]);
      const uint8_t low = hex_digit(text[kBytes[i] + 1]);
      all |= high | low;
      value = value << 8 | uint64_t{high} << 4 | low;
    }
    return value;
  };
  const uint64_t upper = half(0) ^ uint64_t { 1 } << 63;
  const uint64_t lower = half(8);
  if ((all & 0xf0) != 0) return {};
  return duckdb_hugeint{.lower = lower, .upper = static_cast<int64_t>(upper)};
}

bool use_quick_casts(Json& node, const std::set<size_t>& positions) {
  if (!node.is_structured()) return false;
  // What TRY evaluates again row by row, DuckDB hands to functions in a form that these do not
  // read.
  if (node.is_object() && type_of(node) == "OPERATOR_TRY") return false;
  if (!is_cast_at(node, positions)) {
    bool used = false;
    for (auto& [key, value] : node.items()) used |= use_quick_casts(value, positions);
    return used;
  }
  const std::string_view type = text_of(node.at("cast_type"), "id");
  const auto quick = std::ranges::find(kQuickCasts, type, &QuickCast::type);
  if (quick == std::end(kQuickCasts)) return false;
  std::string alias(text_of(node, "alias"));
  node["alias"] = "";
  Json either = operator_node(
      "OPERATOR_COALESCE", {function_node(std::string(quick->function), {node.at("child")}), node});
  either["alias"] = std::move(alias);
  node = std::move(either);
  return true;
}

Result<std::string> with_quick_casts(std::string sql, store::Connection& connection) {
  for (const QuickCast& quick : kQuickCasts) {
    const std::string call = std::string(quick.function) + "(";
    if (sql.find(call) == std::string::npos) continue;
    std::vector<store::LogicalType> text;
    text.emplace_back(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
    LEAT_ASSIGN(std::string name,
                store::register_scalar({.name = quick.function,
                                        .parameters = std::move(text),
                                        .result = quick.result,
                                        .run = quick.run},
                                       std::make_shared<store::OwnState>(), connection));
    name += '(';
    sql = replaced(std::move(sql), call, name);
  }
  return sql;
}

}  // namespace leat::stream
