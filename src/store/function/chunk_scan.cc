#include "store/function/chunk_scan.h"

#include <algorithm>
#include <utility>

#include "store/function/own_function.h"

namespace leat::store {

struct ChunkScan::Shared : OwnState {
  // Some rows of one chunk; no selection: all of them.
  struct Piece {
    duckdb_data_chunk chunk = nullptr;
    std::vector<size_t> sources;
    std::vector<sel_t> selection;
    idx_t size = 0;
  };
  std::vector<ScanColumn> columns;
  std::vector<Piece> pieces;
  bool few = false;
};

namespace {

// Owned by DuckDB's function entry, which outlives the ChunkScan.
using SharedHandle = std::shared_ptr<ChunkScan::Shared>;

struct Cursor {
  size_t piece = 0;
  std::vector<idx_t> columns;  // of the scan, for each column that DuckDB asks for
};

void bind(duckdb_bind_info info) {
  const auto& shared = **static_cast<SharedHandle*>(duckdb_bind_get_extra_info(info));
  duckdb_client_context context = nullptr;
  duckdb_table_function_get_client_context(info, &context);
  if (take_connection_id(context) != shared.connection_id) {
    duckdb_bind_set_error(info, kNotYours);
    return;
  }
  for (const ScanColumn& column : shared.columns) {
    duckdb_bind_add_result_column(info, column.name.c_str(), column.type.get());
  }
  if (shared.few) duckdb_bind_set_cardinality(info, 1, false);
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
  const auto& shared = **static_cast<SharedHandle*>(duckdb_function_get_extra_info(info));
  auto& cursor = *static_cast<Cursor*>(duckdb_function_get_init_data(info));
  if (cursor.piece == shared.pieces.size()) {
    duckdb_data_chunk_set_size(output, 0);
    return;
  }
  const auto& piece = shared.pieces[cursor.piece++];
  duckdb_selection_vector selection = nullptr;
  if (!piece.selection.empty()) {
    selection = duckdb_create_selection_vector(piece.size);
    std::ranges::copy(piece.selection, duckdb_selection_vector_get_data_ptr(selection));
  }
  for (idx_t i = 0; i < cursor.columns.size(); ++i) {
    // A query without columns asks for one that is not there (count(*)-like scans).
    if (cursor.columns[i] >= piece.sources.size()) continue;
    const size_t source = piece.sources[cursor.columns[i]];
    duckdb_vector to = duckdb_data_chunk_get_vector(output, i);
    duckdb_vector_reference_vector(to, duckdb_data_chunk_get_vector(piece.chunk, source));
    if (selection != nullptr) duckdb_slice_vector(to, selection, piece.size);
  }
  duckdb_data_chunk_set_size(output, piece.size);
  if (selection != nullptr) duckdb_destroy_selection_vector(selection);
}

}  // namespace

ChunkScan::ChunkScan(std::string function, std::shared_ptr<Shared> shared)
    : function_(std::move(function)), shared_(std::move(shared)) {}

ChunkScan::~ChunkScan() { clear(); }

Result<std::unique_ptr<ChunkScan>> ChunkScan::create(std::string_view name,
                                                     Connection& connection) {
  const std::string function_name = own_function_name(name);
  auto shared = std::make_shared<Shared>();
  shared->connection_id = connection_id(connection);

  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, function_name.c_str());
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
    return internal_error("DuckDB does not register the table function {}", function_name);
  }
  return std::unique_ptr<ChunkScan>(new ChunkScan(function_name, std::move(shared)));
}

void ChunkScan::set_columns(std::vector<ScanColumn> columns, bool few) {
  shared_->few = few;
  shared_->columns = std::move(columns);
}

void ChunkScan::add(duckdb_data_chunk chunk, std::span<const size_t> sources) {
  const idx_t size = duckdb_data_chunk_get_size(chunk);
  if (size > 0) shared_->pieces.push_back({chunk, {sources.begin(), sources.end()}, {}, size});
}

void ChunkScan::add(duckdb_data_chunk chunk, std::span<const size_t> sources,
                    std::span<const uint32_t> rows) {
  if (rows.empty()) return;
  if (rows.size() == duckdb_data_chunk_get_size(chunk)) return add(chunk, sources);
  shared_->pieces.push_back(
      {chunk, {sources.begin(), sources.end()}, {rows.begin(), rows.end()}, rows.size()});
}

bool ChunkScan::empty() const { return shared_->pieces.empty(); }

void ChunkScan::clear() { shared_->pieces.clear(); }

}  // namespace leat::store
