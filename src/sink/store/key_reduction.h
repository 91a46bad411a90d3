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
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

class KeyFilter;

// Some rows of a chunk.
struct Selection {
  duckdb_data_chunk chunk = nullptr;
  std::vector<uint32_t> rows;    // ascending
  std::vector<uint64_t> hashes;  // of their keys: key_hash()
};

// Keys of the batch: rows of a chunk, and which of its vectors are the key's, in the key's order.
struct KeySelection {
  const Selection* selection = nullptr;
  std::span<const size_t> key;
};

struct ReducedBatch {
  std::vector<Selection> upserts;  // one per chunk of the batch, perhaps without rows
  std::vector<store::DataChunk>
      delete_chunks;                // the keys of all deletes, as the key columns' types
  std::vector<Selection> deletes;   // of delete_chunks: the last operation of their key
  std::vector<Selection> replaces;  // of upserts: those whose key the table may hold
  std::vector<RefusedRow> refused;
};

// `key` are indexes of rows.columns. A row with a NULL in its key is refused. The key of a delete
// is text: of a single column as DuckDB casts it, of several a JSON array of such texts; one that
// does not fit is refused. With `present`, a filter of all keys of the table, replaces and deletes
// leave out what the table does not hold. Errors: internal.
Result<ReducedBatch> reduce_by_key(store::Connection& connection, const store::RowBatch& rows,
                                   std::span<const size_t> key, const KeyFilter* present = nullptr);

}  // namespace leat::sink
