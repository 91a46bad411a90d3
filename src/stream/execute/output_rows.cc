#include "stream/execute/output_rows.h"

#include <duckdb.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace leat::stream {
namespace {

store::DataChunk chunk_like(duckdb_data_chunk chunk) {
  std::vector<duckdb_logical_type> types;
  const idx_t count = duckdb_data_chunk_get_column_count(chunk);
  for (idx_t i = 0; i < count; ++i) {
    types.push_back(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, i)));
  }
  store::DataChunk made(duckdb_create_data_chunk(types.data(), types.size()));
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  return made;
}

struct Place {
  uint32_t chunk = 0;
  uint32_t row = 0;
};

// Copies places[from, from + count) into a new chunk, run by run of the same source.
store::DataChunk gathered(const std::vector<store::DataChunk>& chunks,
                          const std::vector<Place>& places, size_t from, size_t count) {
  store::DataChunk target = chunk_like(chunks[0].get());
  const idx_t columns = duckdb_data_chunk_get_column_count(target.get());
  size_t done = 0;
  while (done < count) {
    const uint32_t source = places[from + done].chunk;
    size_t run = 1;
    while (done + run < count && places[from + done + run].chunk == source) ++run;
    duckdb_selection_vector selection = duckdb_create_selection_vector(run);
    sel_t* data = duckdb_selection_vector_get_data_ptr(selection);
    for (size_t i = 0; i < run; ++i) data[i] = places[from + done + i].row;
    for (idx_t i = 0; i < columns; ++i) {
      duckdb_vector_copy_sel(duckdb_data_chunk_get_vector(chunks[source].get(), i),
                             duckdb_data_chunk_get_vector(target.get(), i), selection, run, 0,
                             done);
    }
    duckdb_destroy_selection_vector(selection);
    done += run;
  }
  duckdb_data_chunk_set_size(target.get(), count);
  return target;
}

// The batch holds the rows at these places from now on.
void take(store::RowBatch& rows, const std::vector<Place>& places, std::vector<uint32_t> inputs) {
  std::vector<store::DataChunk> chunks;
  for (size_t from = 0; from < places.size(); from += duckdb_vector_size()) {
    const size_t count = std::min<size_t>(duckdb_vector_size(), places.size() - from);
    chunks.push_back(gathered(rows.chunks, places, from, count));
  }
  rows.chunks = std::move(chunks);
  rows.inputs = std::move(inputs);
}

}  // namespace

void append_chunk(store::RowBatch& rows, store::DataChunk chunk) {
  const idx_t size = duckdb_data_chunk_get_size(chunk.get());
  if (size == 0) return;
  const idx_t last = duckdb_data_chunk_get_column_count(chunk.get()) - 1;
  const auto* ids = static_cast<const int64_t*>(
      duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), last)));
  for (idx_t i = 0; i < size; ++i) rows.inputs.push_back(static_cast<uint32_t>(ids[i]));
  rows.chunks.push_back(std::move(chunk));
}

void keep_rows(store::RowBatch& rows, const std::vector<uint32_t>& wanted) {
  std::vector<Place> places;
  std::vector<uint32_t> inputs;
  uint32_t first = 0;
  size_t next = 0;
  for (uint32_t c = 0; c < rows.chunks.size(); ++c) {
    const auto size = static_cast<uint32_t>(duckdb_data_chunk_get_size(rows.chunks[c].get()));
    for (; next < wanted.size() && wanted[next] < first + size; ++next) {
      places.push_back({c, wanted[next] - first});
      inputs.push_back(rows.inputs[wanted[next]]);
    }
    first += size;
  }
  take(rows, places, std::move(inputs));
}

void sort_by_input(store::RowBatch& rows) {
  if (std::is_sorted(rows.inputs.begin(), rows.inputs.end())) return;
  std::vector<Place> places;
  for (uint32_t c = 0; c < rows.chunks.size(); ++c) {
    const idx_t size = duckdb_data_chunk_get_size(rows.chunks[c].get());
    for (uint32_t row = 0; row < size; ++row) places.push_back({c, row});
  }
  std::vector<uint32_t> order(places.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(rows.inputs[a], a) < std::pair(rows.inputs[b], b);
  });
  std::vector<Place> sorted;
  std::vector<uint32_t> inputs;
  for (const uint32_t at : order) {
    sorted.push_back(places[at]);
    inputs.push_back(rows.inputs[at]);
  }
  take(rows, sorted, std::move(inputs));
}

uint64_t records_with_rows(const store::RowBatch& rows) {
  uint64_t count = 0;
  for (size_t i = 0; i < rows.inputs.size(); ++i) {
    if (i == 0 || rows.inputs[i] != rows.inputs[i - 1]) ++count;
  }
  return count;
}

}  // namespace leat::stream
