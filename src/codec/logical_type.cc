#include "codec/logical_type.h"

#include <string>
#include <vector>

namespace leat::codec {

duckdb_logical_type make_logical_type(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case TypeKind::kBigint:
    case TypeKind::kInteger53:
      return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case TypeKind::kHugeint:
    case TypeKind::kNumberHugeint:
      return duckdb_create_logical_type(DUCKDB_TYPE_HUGEINT);
    case TypeKind::kDouble:
    case TypeKind::kDouble53:
    case TypeKind::kNumberDouble:
      return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case TypeKind::kList: {
      duckdb_logical_type element = make_logical_type(type.element.front());
      duckdb_logical_type list = duckdb_create_list_type(element);
      duckdb_destroy_logical_type(&element);
      return list;
    }
    case TypeKind::kStruct:
      if (!type.fields.empty()) break;
      [[fallthrough]];
    case TypeKind::kNull:
    case TypeKind::kVarchar:
    case TypeKind::kDeclared:
    case TypeKind::kText:
    case TypeKind::kNumberText:
    case TypeKind::kMixed:
    case TypeKind::kToken:
    case TypeKind::kCastText:
    case TypeKind::kMap:
      return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  }
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (const Field& field : type.fields) {
    types.push_back(make_logical_type(field.type));
    names.push_back(field.name.c_str());
  }
  duckdb_logical_type result = duckdb_create_struct_type(types.data(), names.data(), types.size());
  for (duckdb_logical_type& member : types) duckdb_destroy_logical_type(&member);
  return result;
}

}  // namespace leat::codec
