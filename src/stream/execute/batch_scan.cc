#include "stream/execute/batch_scan.h"

#include <numeric>
#include <utility>

#include "codec/logical_type.h"
#include "stream/syntax/ast.h"

namespace leat::stream {
namespace {

using codec::Type;
using codec::TypeKind;

// As the decoder's type, but what was only seen as null is DuckDB's NULL, which binds to anything.
duckdb_logical_type scan_type(const Type& type) {
  if (type.kind == TypeKind::kNull) return duckdb_create_logical_type(DUCKDB_TYPE_SQLNULL);
  if (type.kind == TypeKind::kList) {
    duckdb_logical_type element = scan_type(type.element[0]);
    duckdb_logical_type list = duckdb_create_list_type(element);
    duckdb_destroy_logical_type(&element);
    return list;
  }
  if (type.kind != TypeKind::kStruct || type.fields.empty()) return codec::make_logical_type(type);
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (const codec::Field& field : type.fields) {
    types.push_back(scan_type(field.type));
    names.push_back(field.name.c_str());
  }
  duckdb_logical_type result = duckdb_create_struct_type(types.data(), names.data(), types.size());
  for (duckdb_logical_type& member : types) duckdb_destroy_logical_type(&member);
  return result;
}

duckdb_type special_type(std::string_view column) {
  if (column == "__leat_partition") return DUCKDB_TYPE_INTEGER;
  if (column == "__leat_offset") return DUCKDB_TYPE_BIGINT;
  return column == "__leat_key" ? DUCKDB_TYPE_VARCHAR : DUCKDB_TYPE_TIMESTAMP_TZ;
}

std::vector<store::ScanColumn> columns_of(const Plan& plan) {
  std::vector<store::ScanColumn> columns;
  for (const codec::Field& field : plan.projection.root.fields) {
    columns.push_back({field.name, store::LogicalType(scan_type(field.type))});
  }
  for (const std::string_view column : plan.special) {
    columns.push_back({std::string(column),
                       store::LogicalType(duckdb_create_logical_type(special_type(column)))});
  }
  columns.push_back({std::string(kRowColumn),
                     store::LogicalType(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT))});
  return columns;
}

}  // namespace

BatchScan::BatchScan(std::unique_ptr<store::ChunkScan> scan, std::vector<store::LogicalType> types)
    : scan_(std::move(scan)), types_(std::move(types)), sources_(types_.size()) {
  std::iota(sources_.begin(), sources_.end(), 0);
}

Result<std::unique_ptr<BatchScan>> BatchScan::create(const Plan& plan,
                                                     store::Connection& connection) {
  LEAT_ASSIGN(auto scan, store::ChunkScan::create(kBatchFunction, connection));
  scan->set_columns(columns_of(plan));
  std::vector<store::LogicalType> types;
  for (auto& column : columns_of(plan)) types.push_back(std::move(column.type));
  return std::unique_ptr<BatchScan>(new BatchScan(std::move(scan), std::move(types)));
}

store::DataChunk BatchScan::make_chunk() const {
  std::vector<duckdb_logical_type> types;
  for (const store::LogicalType& type : types_) types.push_back(type.get());
  return store::DataChunk(duckdb_create_data_chunk(types.data(), types.size()));
}

void BatchScan::read(std::span<const store::DataChunk> chunks,
                     std::optional<std::span<const uint32_t>> rows, uint32_t at_once) {
  scan_->clear();
  if (!rows) {
    for (const store::DataChunk& chunk : chunks) scan_->add(chunk.get(), sources_);
    return;
  }
  const auto chunk_size = static_cast<uint32_t>(duckdb_vector_size());
  std::vector<uint32_t> piece;
  uint32_t open = 0;
  const auto close = [&] {
    if (!piece.empty()) scan_->add(chunks[open].get(), sources_, piece);
    piece.clear();
  };
  for (const uint32_t row : *rows) {
    if (row / chunk_size != open || piece.size() == at_once) close();
    open = row / chunk_size;
    piece.push_back(row % chunk_size);
  }
  close();
}

void BatchScan::read_nothing() { scan_->clear(); }

}  // namespace leat::stream
