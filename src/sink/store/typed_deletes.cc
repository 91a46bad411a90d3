#include "sink/store/typed_deletes.h"

#include "store/cell.h"

namespace leat::sink {
namespace {

using store::LogicalType;
using store::Value;

// SELECT TRY_CAST(k AS T) …: one row for each delete, in their order.
std::string typed_deletes_sql(const std::vector<store::Column>& columns,
                              std::span<const size_t> key) {
  std::string list;
  for (size_t i = 0; i < key.size(); ++i) {
    if (i > 0) list += ", ";
    const std::string text = key.size() == 1 ? "k" : fmt::format("j->>'$[{}]'", i);
    list += fmt::format("TRY_CAST({} AS {})", text, columns[key[i]].type);
  }
  if (key.size() == 1) return "SELECT " + list + " FROM (SELECT unnest($1::VARCHAR[]) AS k)";
  return fmt::format(
      "SELECT {} FROM (SELECT CASE WHEN json_array_length(j) = {} THEN j ELSE '[]' END AS j FROM "
      "(SELECT CASE WHEN json_valid(k) THEN k ELSE '[]' END::JSON AS j FROM "
      "(SELECT unnest($1::VARCHAR[]) AS k)))",
      list, key.size());
}

std::string key_description(const store::RowBatch& rows, std::span<const size_t> key) {
  std::string text;
  for (const size_t index : key) {
    if (!text.empty()) text += ", ";
    text += rows.columns[index].name + " " + rows.columns[index].type;
  }
  return text;
}

}  // namespace

Result<std::vector<store::DataChunk>> typed_deletes(store::Connection& connection,
                                                    const store::RowBatch& rows,
                                                    std::span<const size_t> key) {
  std::vector<store::DataChunk> chunks;
  if (rows.deletes.empty()) return chunks;
  std::vector<Value> texts;
  std::vector<duckdb_value> raw;
  for (const store::KeyDelete& one : rows.deletes) {
    texts.emplace_back(duckdb_create_varchar_length(one.key.data(), one.key.size()));
    raw.push_back(texts.back().get());
  }
  const LogicalType varchar(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  const Value list(duckdb_create_list_value(varchar.get(), raw.data(), raw.size()));
  LEAT_ASSIGN(auto statement, connection.prepare(typed_deletes_sql(rows.columns, key)));
  if (duckdb_bind_value(statement.raw(), 1, list.get()) != DuckDBSuccess) {
    return internal_error("cannot bind the keys of {} deletes", rows.deletes.size());
  }
  LEAT_ASSIGN(auto result, statement.execute());
  while (auto chunk = result.next_chunk()) chunks.push_back(std::move(chunk));
  return chunks;
}

std::string null_key_message(const store::RowBatch& rows, std::span<const size_t> key) {
  return "the key is NULL: " + key_description(rows, key);
}

std::string wrong_delete_message(const store::RowBatch& rows, std::span<const size_t> key,
                                 size_t index) {
  return fmt::format("the key `{}` of a delete is not {}", rows.deletes[index].key,
                     key_description(rows, key));
}

}  // namespace leat::sink
