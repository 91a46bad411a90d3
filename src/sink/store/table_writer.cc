#include "sink/store/table_writer.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/text/lower_case.h"
#include "sink/store/chunk_statement.h"
#include "sink/store/key_bytes.h"
#include "sink/store/key_reduction.h"
#include "sink/store/known_keys/known_keys.h"
#include "sink/store/table_layout.h"
#include "store/column_type.h"

namespace leat::sink {

struct TableWriter::Impl {
  store::Connection& connection;
  std::string table;
  std::vector<std::string> key;

  ChunkStatement inserts;
  ChunkStatement removals;
  ChunkStatement checks;
  std::unique_ptr<KnownKeys> known;  // null without a key, and where it is turned off

  std::vector<store::Column> columns = {};  // of the batches
  std::vector<TableColumn> typed = {};      // the same
  std::vector<size_t> sources = {};         // 0, 1, …: all vectors but the hidden last one
  std::vector<size_t> key_sources = {};     // the key's indexes in `columns`
  std::vector<TableColumn> layout = {};     // of the table

  const TableColumn& in_table(const std::string& name) const;
  std::vector<size_t> all_columns() const;
  Result<void> set_statements();
  Result<void> keep_exact(const store::RowBatch& rows);
  Result<bool> is_rounded(const store::RowBatch& rows, size_t column);
  void forget_known_keys();
  Result<uint64_t> remove(const ReducedBatch& reduced);
  Result<TableDelivery> append(const store::RowBatch& rows);
  Result<TableDelivery> upsert(const store::RowBatch& rows);
};

namespace {

// Beyond ±2^53, in a column of BIGINT, UBIGINT or HUGEINT.
bool holds_large_integer(duckdb_data_chunk chunk, idx_t column) {
  constexpr int64_t kMax = int64_t{1} << 53;
  duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
  const store::LogicalType type(duckdb_vector_get_column_type(vector));
  const duckdb_type id = duckdb_get_type_id(type.get());
  const uint64_t* const validity = duckdb_vector_get_validity(vector);
  const void* const data = duckdb_vector_get_data(vector);
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
    if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
    bool large = false;
    if (id == DUCKDB_TYPE_BIGINT) {
      const int64_t value = static_cast<const int64_t*>(data)[row];
      large = value > kMax || value < -kMax;
    } else if (id == DUCKDB_TYPE_UBIGINT) {
      large = static_cast<const uint64_t*>(data)[row] > static_cast<uint64_t>(kMax);
    } else {
      const auto& value = static_cast<const duckdb_hugeint*>(data)[row];
      const bool fits = (value.upper == 0 && value.lower <= static_cast<uint64_t>(kMax)) ||
                        (value.upper == -1 && value.lower >= -static_cast<uint64_t>(kMax));
      large = !fits;
    }
    if (large) return true;
  }
  return false;
}

bool same_layout(const std::vector<TableColumn>& a, const std::vector<TableColumn>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const TableColumn& x, const TableColumn& y) {
        return x.name == y.name && store::type_name(x.type.get()) == store::type_name(y.type.get());
      });
}

}  // namespace

Result<TableWriter> TableWriter::create(store::Connection& connection, std::string table,
                                        std::vector<std::string> key,
                                        const TableWriterOptions& options) {
  LEAT_ASSIGN(ChunkStatement inserts, ChunkStatement::create(connection));
  LEAT_ASSIGN(ChunkStatement removals, ChunkStatement::create(connection));
  LEAT_ASSIGN(ChunkStatement checks, ChunkStatement::create(connection));
  std::unique_ptr<KnownKeys> known;
  if (!key.empty() && options.known_keys) {
    const auto large_table =
        options.located_rows ? std::optional(options.large_table) : std::nullopt;
    LEAT_ASSIGN(known, KnownKeys::create(connection, table, key, large_table));
  }
  return TableWriter(std::unique_ptr<Impl>(new Impl{.connection = connection,
                                                    .table = std::move(table),
                                                    .key = std::move(key),
                                                    .inserts = std::move(inserts),
                                                    .removals = std::move(removals),
                                                    .checks = std::move(checks),
                                                    .known = std::move(known)}));
}

TableWriter::TableWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableWriter::TableWriter(TableWriter&&) noexcept = default;
TableWriter::~TableWriter() = default;

Result<void> TableWriter::prepare(const std::vector<store::Column>& columns) {
  Impl& impl = *impl_;
  LEAT_ASSIGN(auto layout, make_or_alter(impl.connection, impl.table, columns, impl.key));
  const bool same = impl.columns == columns && same_layout(impl.layout, layout);
  impl.layout = std::move(layout);
  if (same && !impl.columns.empty()) return {};
  impl.columns = columns;
  LEAT_ASSIGN(impl.typed, typed_columns(impl.connection, columns));
  impl.sources.clear();
  for (size_t i = 0; i < columns.size(); ++i) impl.sources.push_back(i);
  impl.key_sources.clear();
  for (const std::string& name : impl.key) {
    const auto found = std::find_if(
        columns.begin(), columns.end(),
        [&](const store::Column& column) { return same_in_lower_case(column.name, name); });
    impl.key_sources.push_back(static_cast<size_t>(found - columns.begin()));
  }
  return impl.set_statements();
}

// REQUIRES: a column of the table; names differ in case only.
const TableColumn& TableWriter::Impl::in_table(const std::string& name) const {
  return *std::find_if(layout.begin(), layout.end(), [&](const TableColumn& column) {
    return same_in_lower_case(column.name, name);
  });
}

// Of chunks whose columns are the key's, in its order.
std::vector<size_t> TableWriter::Impl::all_columns() const {
  std::vector<size_t> indexes(key.size());
  std::iota(indexes.begin(), indexes.end(), 0);
  return indexes;
}

Result<void> TableWriter::Impl::set_statements() {
  forget_known_keys();
  const std::string into = connection.table(table);
  std::string names;
  std::string values;
  bool all_are_casts = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = in_table(columns[i].name);
    if (i > 0) names += ", ";
    if (i > 0) values += ", ";
    names += store::quoted_identifier(column.name);
    values += store::converted(fmt::format("c{}", i), typed[i].type.get(), column.type.get());
    all_are_casts = all_are_casts && store::is_cast(typed[i].type.get(), column.type.get());
  }
  inserts.set_sql(fmt::format("INSERT INTO {}({}) {}FROM {}", into, names,
                              all_are_casts ? "" : "SELECT " + values + " ", inserts.rows()),
                  true);
  if (key.empty()) return {};

  std::string condition;
  for (size_t i = 0; i < key.size(); ++i) {
    const TableColumn& column = in_table(key[i]);
    condition +=
        fmt::format("{}target.{} = {}", i > 0 ? " AND " : "", store::quoted_identifier(column.name),
                    store::converted(fmt::format("c{}", i), typed[key_sources[i]].type.get(),
                                     column.type.get()));
  }
  removals.set_sql(
      fmt::format("DELETE FROM {} AS target USING {} WHERE {}", into, removals.rows(), condition),
      false);
  return {};
}

Result<TableDelivery> TableWriter::write(const store::RowBatch& rows) {
  if (impl_->columns.empty()) return internal_error("table {} is written unprepared", impl_->table);
  LEAT_TRY(impl_->keep_exact(rows));
  auto delivery = impl_->key.empty() ? impl_->append(rows) : impl_->upsert(rows);
  if (!delivery) {
    return std::move(delivery).error().during(fmt::format("writing table {}", impl_->table));
  }
  return delivery;
}

// Whether the table's column would not hold all of the batch's numbers as they are.
Result<bool> TableWriter::Impl::is_rounded(const store::RowBatch& rows, size_t column) {
  const duckdb_logical_type from = typed[column].type.get();
  const duckdb_logical_type to = in_table(columns[column].name).type.get();
  if (may_be_rounded(from, to)) {
    return std::ranges::any_of(rows.chunks, [&](const store::DataChunk& chunk) {
      return holds_large_integer(chunk.get(), column);
    });
  }
  const std::string condition = store::rounded_by("c0", from, to);
  if (condition.empty()) return false;
  checks.set_sql(fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", checks.rows(), condition), false);
  for (const store::DataChunk& chunk : rows.chunks) checks.add(chunk.get(), {&column, 1});
  return checks.any();
}

// A number that the column's DOUBLE does not hold makes that a VARCHAR.
Result<void> TableWriter::Impl::keep_exact(const store::RowBatch& rows) {
  std::vector<store::Column> wider = columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    LEAT_ASSIGN(const bool rounded, is_rounded(rows, i));
    if (!rounded) continue;
    const auto exact = store::merged_type(in_table(columns[i].name).type.get(), typed[i].type.get(),
                                          store::Doubles::kHoldTheirOwn);
    wider[i].type = exact.value_or("VARCHAR");
  }
  if (wider == columns) return {};
  LEAT_ASSIGN(layout, make_or_alter(connection, table, wider, key));
  return set_statements();
}

Result<TableDelivery> TableWriter::Impl::append(const store::RowBatch& rows) {
  for (const store::DataChunk& chunk : rows.chunks) {
    inserts.add(chunk.get(), sources);
  }
  LEAT_TRY(inserts.execute());
  TableDelivery delivery;
  delivery.inserted = rows.row_count();
  return delivery;
}

void TableWriter::Impl::forget_known_keys() {
  if (!known) return;
  const bool comparable = std::ranges::all_of(key_sources, [&](size_t source) {
    const TableColumn& column = in_table(columns[source].name);
    return store::type_name(column.type.get()) == columns[source].type;
  });
  const bool has_rowid = std::ranges::any_of(
      layout, [](const TableColumn& column) { return same_in_lower_case(column.name, "rowid"); });
  known->forget(comparable, has_rowid);
}

// The keys that the table may hold leave it; how many rows that were.
Result<uint64_t> TableWriter::Impl::remove(const ReducedBatch& reduced) {
  const std::vector<size_t> of_deletes = all_columns();
  std::vector<KeySelection> keys;
  size_t count = 0;
  const auto add = [&](const std::vector<Selection>& selections, std::span<const size_t> columns) {
    for (const Selection& selection : selections) {
      if (selection.rows.empty()) continue;
      keys.push_back({&selection, columns});
      count += selection.rows.size();
    }
  };
  add(reduced.replaces, key_sources);
  add(reduced.deletes, of_deletes);
  if (keys.empty()) return uint64_t{0};
  Removed found;
  if (known) {
    LEAT_ASSIGN(found, known->remove(keys));
    if (found.all) return found.rows;
  }
  for (const KeySelection& one : keys) {
    removals.add(one.selection->chunk, one.key, one.selection->rows);
  }
  LEAT_ASSIGN(const uint64_t removed, removals.execute());
  return found.rows + removed;
}

// Every key of the batch that may be there leaves the table, then the last row of each comes in.
Result<TableDelivery> TableWriter::Impl::upsert(const store::RowBatch& rows) {
  if (known) LEAT_TRY(known->begin_batch());
  LEAT_ASSIGN(ReducedBatch reduced,
              reduce_by_key(connection, rows, key_sources, known ? known->filter() : nullptr));
  TableDelivery delivery{{std::move(reduced.refused)}};
  LEAT_ASSIGN(delivery.removed, remove(reduced));
  for (const Selection& selection : reduced.upserts) {
    inserts.add(selection.chunk, sources, selection.rows);
    delivery.inserted += selection.rows.size();
    if (known) known->append(selection.hashes);
  }
  LEAT_TRY(inserts.execute());
  return delivery;
}

}  // namespace leat::sink
