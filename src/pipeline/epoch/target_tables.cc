#include "pipeline/epoch/target_tables.h"

#include <algorithm>
#include <utility>

#include "base/text/lower_case.h"
#include "sink/store/table_layout.h"

namespace leat::pipeline {
namespace {

std::vector<sink::RefusedRow> rows_without_key(const TargetTables::Table& table,
                                               const store::RowBatch& rows) {
  std::vector<sink::RefusedRow> refused;
  for (uint32_t row = 0; row < rows.row_count(); ++row) {
    refused.push_back(
        {row, fmt::format("the key is NULL: no record had {} so far", fmt::join(table.key, ", "))});
  }
  return refused;
}

}  // namespace

int64_t TargetTables::Table::emitted(const store::RowBatch& rows) const {
  return static_cast<int64_t>(rows.row_count() + (keyed() ? rows.deletes.size() : 0));
}

Result<void> TargetTables::add(std::string name, const std::string& table,
                               std::vector<std::string> key) {
  LEAT_TRY(sink::make_schema(connection_, table));
  LEAT_ASSIGN(auto writer, sink::TableWriter::create(connection_, table, key));
  tables_.push_back({.name = std::move(name),
                     .table = table,
                     .key = std::move(key),
                     .writer = std::make_unique<sink::TableWriter>(std::move(writer)),
                     .prepared = {}});
  return {};
}

bool TargetTables::lacks_key(const Table& table, const store::RowBatch& rows) const {
  if (!names_all_) return false;
  return std::ranges::any_of(table.key, [&](const std::string& name) {
    return std::ranges::none_of(rows.columns, [&](const store::Column& column) {
      return same_in_lower_case(column.name, name);
    });
  });
}

Result<void> TargetTables::add_many_columns(const store::RowBatch& rows) {
  for (const Table& table : tables_) {
    if (table.prepared == rows.columns || lacks_key(table, rows)) continue;
    LEAT_TRY(sink::add_many_columns(connection_, table.table, rows.columns));
  }
  return {};
}

Result<sink::TableDelivery> TargetTables::write(Table& table, const store::RowBatch& rows) {
  sink::TableDelivery delivery;
  if (lacks_key(table, rows)) {
    delivery.refused = rows_without_key(table, rows);
    return delivery;
  }
  if (rows.columns.empty()) return delivery;  // deletes, and there is no table yet
  if (table.prepared != rows.columns) {
    LEAT_TRY(table.writer->prepare(rows.columns));
    table.prepared = rows.columns;
  }
  if (table.emitted(rows) == 0) return delivery;
  return table.writer->write(rows);
}

void TargetTables::forget_prepared() {
  for (auto& table : tables_) table.prepared.clear();
}

}  // namespace leat::pipeline
