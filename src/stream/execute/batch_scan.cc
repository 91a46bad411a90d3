#include "stream/execute/batch_scan.h"

#include <atomic>

#include "stream/plan/ast.h"

namespace leat::stream {

struct BatchScan::Shared {
  struct ColumnType {
    std::string name;
    duckdb_logical_type type;
  };
  // Some rows of one chunk; no selection: all of them.
  struct Piece {
    duckdb_data_chunk chunk = nullptr;
    std::vector<sel_t> selection;
    idx_t size = 0;
  };

  std::vector<ColumnType> columns;
  std::vector<Piece> pieces;
  idx_t connection_id = 0;

  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    for (ColumnType& column : columns) duckdb_destroy_logical_type(&column.type);
  }
};

namespace {

using Shared = BatchScan::Shared;
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

idx_t connection_id_of(duckdb_client_context context) {
  const idx_t id = duckdb_client_context_get_connection_id(context);
  duckdb_destroy_client_context(&context);
  return id;
}

// Owned by DuckDB's function entry, which outlives the BatchScan.
using SharedHandle = std::shared_ptr<Shared>;

struct Cursor {
  size_t piece = 0;
  std::vector<idx_t> columns;  // of the batch, for each column that DuckDB asks for
};

void bind(duckdb_bind_info info) {
  const Shared& shared = **static_cast<SharedHandle*>(duckdb_bind_get_extra_info(info));
  duckdb_client_context context = nullptr;
  duckdb_table_function_get_client_context(info, &context);
  if (connection_id_of(context) != shared.connection_id) {
    duckdb_bind_set_error(info, "this function is the input of a running stream");
    return;
  }
  for (const Shared::ColumnType& column : shared.columns) {
    duckdb_bind_add_result_column(info, column.name.c_str(), column.type);
  }
}

void init(duckdb_init_info info) {
  auto cursor = std::make_unique<Cursor>();
  const idx_t count = duckdb_init_get_column_count(info);
  for (idx_t i = 0; i < count; ++i) {
    cursor->columns.push_back(duckdb_init_get_column_index(info, i));
  }
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, cursor.release(),
                            [](void* data) { delete static_cast<Cursor*>(data); });
}

void scan(duckdb_function_info info, duckdb_data_chunk output) {
  const Shared& shared = **static_cast<SharedHandle*>(duckdb_function_get_extra_info(info));
  auto& cursor = *static_cast<Cursor*>(duckdb_function_get_init_data(info));
  if (cursor.piece == shared.pieces.size()) {
    duckdb_data_chunk_set_size(output, 0);
    return;
  }
  const Shared::Piece& piece = shared.pieces[cursor.piece++];
  duckdb_selection_vector selection = nullptr;
  if (!piece.selection.empty()) {
    selection = duckdb_create_selection_vector(piece.size);
    std::copy(piece.selection.begin(), piece.selection.end(),
              duckdb_selection_vector_get_data_ptr(selection));
  }
  for (idx_t i = 0; i < cursor.columns.size(); ++i) {
    // A query without columns asks for one that is not there (count(*)-like scans).
    if (cursor.columns[i] >= shared.columns.size()) continue;
    duckdb_vector to = duckdb_data_chunk_get_vector(output, i);
    duckdb_vector_reference_vector(to,
                                   duckdb_data_chunk_get_vector(piece.chunk, cursor.columns[i]));
    if (selection != nullptr) duckdb_slice_vector(to, selection, piece.size);
  }
  duckdb_data_chunk_set_size(output, piece.size);
  if (selection != nullptr) duckdb_destroy_selection_vector(selection);
}

}  // namespace

BatchScan::BatchScan(std::string function, std::shared_ptr<Shared> shared)
    : function_(std::move(function)), shared_(std::move(shared)) {}

BatchScan::~BatchScan() { read_nothing(); }

Result<std::unique_ptr<BatchScan>> BatchScan::create(const Plan& plan,
                                                     store::Connection& connection) {
  static std::atomic<uint64_t> next{0};
  const std::string name = fmt::format("{}_{}", kBatchFunction, ++next);

  auto shared = std::make_shared<Shared>();
  for (const codec::Field& field : plan.projection.root.fields) {
    shared->columns.push_back({field.name, scan_type(field.type)});
  }
  for (const std::string_view column : plan.special) {
    shared->columns.push_back(
        {std::string(column), duckdb_create_logical_type(special_type(column))});
  }
  shared->columns.push_back(
      {std::string(kRowColumn), duckdb_create_logical_type(DUCKDB_TYPE_BIGINT)});
  duckdb_client_context context = nullptr;
  duckdb_connection_get_client_context(connection.raw(), &context);
  shared->connection_id = connection_id_of(context);

  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name.c_str());
  duckdb_table_function_set_extra_info(function, new SharedHandle(shared), [](void* handle) {
    delete static_cast<SharedHandle*>(handle);
  });
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state state = duckdb_register_table_function(connection.raw(), function);
  duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess) {
    return internal_error("DuckDB does not register the table function {}", name);
  }
  return std::unique_ptr<BatchScan>(new BatchScan(name, std::move(shared)));
}

store::DataChunk BatchScan::make_chunk() const {
  std::vector<duckdb_logical_type> types;
  for (const Shared::ColumnType& column : shared_->columns) types.push_back(column.type);
  return store::DataChunk(duckdb_create_data_chunk(types.data(), types.size()));
}

void BatchScan::read(std::span<const store::DataChunk> chunks,
                     std::optional<std::span<const uint32_t>> rows, uint32_t at_once) {
  shared_->pieces.clear();
  if (!rows) {
    for (const store::DataChunk& chunk : chunks) {
      const idx_t size = duckdb_data_chunk_get_size(chunk.get());
      if (size > 0) shared_->pieces.push_back({chunk.get(), {}, size});
    }
    return;
  }
  const auto chunk_size = static_cast<uint32_t>(duckdb_vector_size());
  uint32_t open = 0;
  for (const uint32_t row : *rows) {
    const uint32_t index = row / chunk_size;
    if (shared_->pieces.empty() || index != open || shared_->pieces.back().size == at_once) {
      shared_->pieces.push_back({chunks[index].get(), {}, 0});
      open = index;
    }
    shared_->pieces.back().selection.push_back(row % chunk_size);
    ++shared_->pieces.back().size;
  }
}

void BatchScan::read_nothing() { shared_->pieces.clear(); }

}  // namespace leat::stream
