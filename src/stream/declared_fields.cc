#include "stream/declared_fields.h"

#include <duckdb.h>

#include <algorithm>
#include <utility>

#include "store/cell.h"

namespace leat::stream {
namespace {

using codec::Type;
using codec::TypeKind;
using store::LogicalType;

// What the text of a JSON value has to be cast to for it to be the value again. kNull: the kind of
// the value says it, or nobody can.
Type declared_type(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_STRUCT: {
      Type made{.kind = TypeKind::kStruct};
      bool any = false;
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        char* name = duckdb_struct_type_child_name(type, i);
        const LogicalType child(duckdb_struct_type_child_type(type, i));
        made.fields.push_back({name, declared_type(child.get())});
        any = any || made.fields.back().type.kind != TypeKind::kNull;
        duckdb_free(name);
      }
      return any ? made : Type{};
    }
    case DUCKDB_TYPE_LIST: {
      const LogicalType child(duckdb_list_type_child_type(type));
      Type element = declared_type(child.get());
      if (element.kind == TypeKind::kNull) return {};
      return {.kind = TypeKind::kList, .element = {std::move(element)}};
    }
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_NS:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_INTERVAL:
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_UUID:
      return {.kind = TypeKind::kDeclared, .declared = store::type_name(type)};
    default:
      return {};
  }
}

}  // namespace

std::vector<codec::Field> declared_fields(store::Statement& statement) {
  std::vector<codec::Field> fields;
  const auto columns = statement.columns();
  for (idx_t i = 0; i < columns.size(); ++i) {
    const LogicalType type(duckdb_prepared_statement_column_logical_type(statement.raw(), i));
    fields.push_back({columns[i].name, declared_type(type.get())});
  }
  const bool any = std::ranges::any_of(
      fields, [](const auto& field) { return field.type.kind != TypeKind::kNull; });
  if (!any) fields.clear();
  return fields;
}

}  // namespace leat::stream
