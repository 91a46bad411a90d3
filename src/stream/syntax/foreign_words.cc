#include "stream/syntax/foreign_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stream/syntax/ast.h"

namespace leat::stream {
namespace {

constexpr auto kFunctions = std::to_array<ForeignFunction>({
    {"explode", "unnest(list), in the SELECT list or as FROM topic, unnest(items) AS u(item)"},
    {"explode_outer", "unnest(if(len(items) > 0, items, [NULL]))"},
    {"posexplode", "unnest(items), generate_subscripts(items, 1)"},
    {"posexplode_outer", "unnest(items), generate_subscripts(items, 1)"},
    {"inline", "unnest(items, recursive := true)"},
    {"inline_outer", "unnest(items, recursive := true)"},
    {"get_json_object", "payload ->> '$.path', or the field itself where it is an object"},
    {"json_tuple", "payload ->> '$.path' for each, or the fields themselves"},
    {"json_extract_scalar", "payload ->> '$.path'"},
    {"parse_json", "payload::JSON"},
    {"schema_of_json", "json_structure(payload)"},
    {"to_json_string", "to_json(value)"},
    {"collect_list", "list(value), which is an aggregate; aggregates are not built yet"},
    {"collect_set", "list(DISTINCT value), which is an aggregate; aggregates are not built yet"},
    {"percentile_approx",
     "approx_quantile(value, 0.5), which is an aggregate; aggregates are not "
     "built yet"},
    {"session_window", "windows are not built yet"},
    {"proctime", "now(), which is fixed for each batch"},
    {"date_format", "strftime(timestamp, '%Y-%m-%d')"},
    {"format_timestamp", "strftime(timestamp, '%Y-%m-%d')"},
    {"date_parse", "strptime(text, '%Y-%m-%d')"},
    {"parse_timestamp", "strptime(text, '%Y-%m-%d')"},
    {"from_iso8601_timestamp", "text::TIMESTAMPTZ"},
    {"to_date", "text::DATE, or strptime(text, '%d.%m.%Y')::DATE"},
    {"unix_timestamp", "epoch(timestamp)"},
    {"to_unix_timestamp", "epoch(timestamp)"},
    {"unix_millis", "epoch_ms(timestamp)"},
    {"from_unixtime", "to_timestamp(seconds)"},
    {"timestamp_seconds", "to_timestamp(seconds)"},
    {"timestamp_millis", "epoch_ms(milliseconds)"},
    {"add_months", "date + to_months(n)"},
    {"months_between", "datediff('month', start, end)"},
    {"timestampadd", "timestamp + INTERVAL 1 DAY"},
    {"timestampdiff", "datediff('day', start, end)"},
    {"from_utc_timestamp", "timestamp AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'"},
    {"nvl", "coalesce(value, otherwise)"},
    {"ifnull", "coalesce(value, otherwise)"},
    {"nvl2", "if(value IS NOT NULL, this, that)"},
    {"iff", "if(condition, this, that)"},
    {"isnull", "value IS NULL"},
    {"isnotnull", "value IS NOT NULL"},
    {"size", "len(list)"},
    {"array_size", "len(list)"},
    {"sort_array", "list_sort(list)"},
    {"array_join", "array_to_string(list, ', ')"},
    {"array_union", "list_distinct(list_concat(a, b))"},
    {"array_remove", "list_filter(list, x -> x <> value)"},
    {"arrays_zip", "list_zip(a, b)"},
    {"zip_with", "list_transform(list_zip(a, b), x -> x[1] + x[2])"},
    {"transform", "list_transform(list, x -> x + 1)"},
    {"forall", "list_bool_and(list_transform(list, x -> x > 0))"},
    {"sequence", "generate_series(start, end)"},
    {"named_struct", "{'name': value}"},
    {"object_construct", "{'name': value}"},
    {"map_from_arrays", "map(keys, values)"},
    {"rlike", "regexp_matches(text, pattern)"},
    {"regexp_like", "regexp_matches(text, pattern)"},
    {"substring_index", "split_part(text, ',', 1)"},
    {"locate", "instr(text, part)"},
    {"charindex", "instr(text, part)"},
    {"format_string", "printf('%d', value)"},
    {"sha2", "sha256(text)"},
    {"unbase64", "from_base64(text)"},
    {"pmod", "((a % b) + b) % b"},
    {"safe_cast", "TRY_CAST(value AS TYPE)"},
    {"to_number", "text::DECIMAL(18,2)"},
    {"try_to_number", "TRY_CAST(text AS DECIMAL(18,2))"},
    {"to_char", "strftime(timestamp, '%Y-%m-%d'), or printf('%.2f', number)"},
    {"monotonically_increasing_id", "_partition and _offset, which name each record"},
});

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The word that begins at `at`, in lower case; `at` is moved behind it and the spaces there.
std::string take_word(std::string_view sql, size_t& at) {
  const size_t begin = at;
  while (at < sql.size() && is_word(sql[at])) ++at;
  std::string word = lower(sql.substr(begin, at - begin));
  while (at < sql.size() && is_space(sql[at])) ++at;
  return word;
}

}  // namespace

std::span<const ForeignFunction> foreign_functions() { return kFunctions; }

std::optional<std::string> instead_of_function(std::string_view name) {
  const auto* const found = std::ranges::find(kFunctions, name, &ForeignFunction::name);
  if (found == kFunctions.end()) return std::nullopt;
  return fmt::format("{}() is no function of DuckDB: {}", name, found->instead);
}

std::optional<std::string_view> instead_of_syntax(std::string_view sql, size_t position) {
  // The parser stops at the word itself, or right behind it.
  size_t at = std::min(position, sql.size());
  if (at == sql.size() || !is_word(sql[at]) || (sql[at] >= '0' && sql[at] <= '9')) {
    while (at > 0 && is_space(sql[at - 1])) --at;
    while (at > 0 && sql[at - 1] == '(') --at;
    while (at > 0 && is_word(sql[at - 1])) --at;
  }
  const std::string word = take_word(sql, at);
  const bool call = at < sql.size() && sql[at] == '(';
  if (word == "lateral" && take_word(sql, at) == "view") {
    return "LATERAL VIEW explode(items) u AS item is FROM topic, unnest(items) AS u(item) in "
           "DuckDB";
  }
  if (word == "window" && call) {
    return "windows (window) are not built yet; a stream's SELECT gives rows for one record at a "
           "time";
  }
  if (word == "rlike") return "`text RLIKE pattern` is regexp_matches(text, pattern) in DuckDB";
  if (word == "div") return "`a DIV b` is a // b in DuckDB";
  if (word == "struct" && call) return "struct(…) is {'name': value} in DuckDB";
  if (word == "array" && call) return "array(…) is [1, 2, 3] in DuckDB";
  return std::nullopt;
}

}  // namespace leat::stream
