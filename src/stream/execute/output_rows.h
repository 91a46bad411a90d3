// The query's result as the RowBatch that sinks take: rows in the order of their records.
#pragma once

#include <cstdint>
#include <vector>

#include "store/rows.h"

namespace leat::stream {

// Adds `chunk` (the last vector: BIGINT, the index of the record) to the batch.
void append_chunk(store::RowBatch& rows, store::DataChunk chunk);

// Makes `inputs` ascending; rows of one record keep their order. Rewrites the chunks only where
// they are out of order (UNION ALL, joins, records that were run apart).
void sort_by_input(store::RowBatch& rows);

// Drops all rows but these (ascending, counted over all chunks).
void keep_rows(store::RowBatch& rows, const std::vector<uint32_t>& wanted);

// How many records have at least one row. REQUIRES: `inputs` is ascending.
uint64_t records_with_rows(const store::RowBatch& rows);

}  // namespace leat::stream
