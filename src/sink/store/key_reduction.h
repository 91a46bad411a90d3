// The last row or delete of each key of a batch: DuckDB keeps the first of two equal keys,
// PostgreSQL fails, Cassandra compares cells; after this no sink sees two.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/sink.h"
#include "sink/store/key_filter.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

// Some rows of a chunk.
struct Selection {
  duckdb_data_chunk chunk = nullptr;
  std::vector<uint32_t> rows;  // ascending
};

struct ReducedBatch {
  std::vector<Selection> upserts;  // one per chunk of the batch, perhaps without rows
  std::vector<store::DataChunk>
      delete_chunks;                // the keys of all deletes, as the key columns' types
  std::vector<Selection> deletes;   // of delete_chunks: the last operation of their key
  std::vector<Selection> replaces;  // of upserts: those whose key the table may hold
  std::vector<RefusedRow> refused;
};

// True when rows can be told apart by a column of this type: every scalar type with a total order
// of its own, not lists, structs, maps, unions, BIGNUM, VARIANT, GEOMETRY or TIME WITH TIME ZONE.
bool can_be_key(duckdb_type type);

// `key` are indexes of rows.columns. A row with a NULL in its key is refused. The key of a delete
// is text: of a single column as DuckDB casts it, of several a JSON array of such texts; one that
// does not fit is refused. With `present`, a filter of all keys of the table (add_keys()),
// replaces and deletes leave out what the table does not hold. Errors: internal.
Result<ReducedBatch> reduce_by_key(store::Connection& connection, const store::RowBatch& rows,
                                   std::span<const size_t> key, const KeyFilter* present = nullptr);

// Adds the keys of a chunk of the table: its columns are the key's, in their order.
void add_keys(duckdb_data_chunk chunk, KeyFilter& present);

// What a KeyFilter knows the keys of some rows by: 64 bits, equal for equal keys. `key` are indexes
// of the chunk's vectors. REQUIRES: no NULL in the keys.
std::vector<uint64_t> key_hashes(duckdb_data_chunk chunk, std::span<const size_t> key,
                                 std::span<const uint32_t> rows);

}  // namespace leat::sink
