#include "pipeline/epoch/stream_query.h"

#include <algorithm>

#include "codec/json_path.h"
#include "store/database.h"

namespace leat::pipeline {
namespace {

// A key path of an implicit stream: how SQL reads it and which column holds it.
struct KeyPath {
  std::string sql;
  std::string column;
  bool nested = false;
};

Result<KeyPath> parse_key_path(const std::string& text) {
  LEAT_ASSIGN(const auto path, codec::JsonPath::parse(text));
  KeyPath key;
  for (const auto& step : path.steps()) {
    if (step.kind == codec::JsonPathStep::Kind::kName) {
      key.sql += (key.sql.empty() ? "" : ".") + store::quoted_identifier(step.name);
      key.column += (key.column.empty() ? "" : "_") + step.name;
    } else if (step.kind == codec::JsonPathStep::Kind::kIndex && !key.sql.empty()) {
      // SQL counts from 1, JSONPath from 0; from the end both count -1, -2, …
      key.sql += fmt::format("[{}]", step.index < 0 ? step.index : step.index + 1);
      key.column += fmt::format("_{}", step.index);
    } else {
      return user_error("the key `{}` must name one value of the record, e.g. login.uuid", text);
    }
  }
  if (key.sql.empty()) return user_error("the key `{}` must name one value of the record", text);
  key.nested = path.steps().size() > 1;
  return key;
}

}  // namespace

Result<std::string> stream_sql(const config::Stream& stream) {
  if (stream.implicit_topic.empty()) return stream.sql;
  std::string sql = "SELECT ";
  std::vector<std::string> columns;
  for (const auto& target : stream.into) {
    for (const auto& text : target.key) {
      LEAT_ASSIGN(const auto key, parse_key_path(text));
      if (!key.nested || std::find(columns.begin(), columns.end(), key.column) != columns.end()) {
        continue;
      }
      sql += fmt::format("{}::VARCHAR AS {}, ", key.sql, store::quoted_identifier(key.column));
      columns.push_back(key.column);
    }
  }
  return sql + "* FROM " + store::quoted_identifier(stream.implicit_topic);
}

Result<std::vector<std::string>> key_columns(const config::Stream& stream,
                                             const config::Target& target) {
  if (target.mode == config::WriteMode::kAppend) return std::vector<std::string>();
  if (stream.implicit_topic.empty()) return target.key;
  std::vector<std::string> columns;
  for (const auto& text : target.key) {
    LEAT_ASSIGN(auto key, parse_key_path(text));
    columns.push_back(std::move(key.column));
  }
  return columns;
}

std::vector<std::string> key_fields(const config::Stream& stream, const config::Target& target,
                                    const stream::Query& query) {
  std::vector<std::string> fields = target.key;
  if (stream.implicit_topic.empty()) {
    for (auto& field : fields) {
      auto of_record = query.field_of(field);
      if (!of_record) return {};
      field = std::move(*of_record);
    }
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

std::vector<std::string> record_key_of(const config::Pipeline& plan, const std::string& topic) {
  for (const auto& task : plan.tasks) {
    if (task.topic == topic && !task.key.empty()) return task.key;
  }
  for (const auto& stream : plan.streams) {
    for (const auto& target : stream.into) {
      // Its columns are the record's fields.
      if (target.is_topic() && target.name == topic && !target.key.empty()) return target.key;
    }
  }
  const auto found = plan.topics.find(topic);
  return found == plan.topics.end() ? std::vector<std::string>() : found->second.key;
}

}  // namespace leat::pipeline
