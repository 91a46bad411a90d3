// TableWriter beside DuckDB's own ways to write the same rows: ratios of the median time of a
// batch, each batch one durable transaction. Usage: table_writer_bench [existing keys, default
// 100000]
//
// The peers read the rows from a temporary table that is filled before the clock starts;
// TableWriter starts from chunks, as the stream engine gives them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "sink/store/table_writer.h"
#include "store/database.h"

namespace {

using leat::Result;
using leat::sink::TableWriter;
using leat::store::Connection;
using leat::store::Database;
using leat::store::RowBatch;

// REQUIRES success: a benchmark that cannot write its rows has nothing to measure.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

// Ten columns of about 200 bytes, as the users of the example.
std::string rows_sql(const std::string& key, size_t count) {
  return fmt::format(
      "SELECT md5(({0})::VARCHAR)::UUID AS id, 'first ' || i AS first_name, 'last ' || i AS "
      "last_name, i % 2 = 0 AS gender, i || ' some street of the city' AS address, '' || i AS "
      "post_code, 'somebody' || i || '@example.com' AS email, now() AS dob, i * 1.5::DOUBLE AS "
      "score, i AS number, i AS input FROM range({1}) r(i)",
      key, count);
}

RowBatch batch(Connection& connection, const std::string& sql) {
  auto result = must(connection.query(sql));
  RowBatch rows;
  rows.columns = result.columns();
  rows.columns.pop_back();
  while (auto chunk = result.next_chunk()) {
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t i = 0; i < size; ++i)
      rows.inputs.push_back(static_cast<uint32_t>(rows.inputs.size()));
    rows.chunks.push_back(std::move(chunk));
  }
  return rows;
}

enum class Way { kTableWriter, kInsertSelect, kOnConflict, kDeleteInsert };

// Milliseconds of the median batch.
double measure(Way way, bool upsert, const std::string& keys, size_t existing, size_t size) {
  const leat::TemporaryDirectory directory;
  auto database = must(Database::open(directory.path() / "bench.duckdb"));
  auto connection = must(database->connect());
  TableWriter writer(*connection, "t",
                     upsert ? std::vector<std::string>{"id"} : std::vector<std::string>{});
  const RowBatch first = batch(*connection, rows_sql("i", existing));
  must(connection->begin());
  must(writer.prepare(first.columns));
  must(writer.write(first));
  must(connection->commit());
  if (way == Way::kOnConflict) must(connection->run("ALTER TABLE t ADD PRIMARY KEY (id)"));
  must(connection->run("CHECKPOINT; CREATE TEMP TABLE staged AS FROM t LIMIT 0"));

  std::string set;
  for (const auto& column : first.columns) {
    if (column.name == "id") continue;
    if (!set.empty()) set += ", ";
    set += column.name + " = excluded." + column.name;
  }
  std::vector<double> times;
  const int batches = size >= 100000 ? 5 : size >= 10000 ? 9 : 21;
  for (int n = 0; n < batches; ++n) {
    const std::string key =
        keys == "new" ? fmt::format("i + {}", existing + size * static_cast<size_t>(n))
        : keys == "uniform"
            ? fmt::format("hash(i + {}) % {}", size * static_cast<size_t>(n), existing)
            // About a tenth of the keys gets nine tenths of the rows.
            : fmt::format("(power((hash(i + {0}) % 1000003) / 1000003.0, 20) * {1})::BIGINT",
                          size * static_cast<size_t>(n), existing);
    const std::string sql = rows_sql(key, size);
    RowBatch rows;
    if (way == Way::kTableWriter) {
      rows = batch(*connection, sql);
    } else {
      must(connection->run(
          "TRUNCATE staged; INSERT INTO staged SELECT * EXCLUDE (input) FROM (" + sql + ")" +
          (upsert ? " QUALIFY row_number() OVER (PARTITION BY id ORDER BY input DESC) = 1" : "")));
    }
    const auto start = std::chrono::steady_clock::now();
    must(connection->begin());
    switch (way) {
      case Way::kTableWriter:
        must(writer.prepare(rows.columns));
        must(writer.write(rows));
        break;
      case Way::kInsertSelect:
        must(connection->run("INSERT INTO t FROM staged"));
        break;
      case Way::kOnConflict:
        must(connection->run("INSERT INTO t FROM staged ON CONFLICT (id) DO UPDATE SET " + set));
        break;
      case Way::kDeleteInsert:
        must(connection->run(
            "DELETE FROM t USING staged WHERE t.id = staged.id; INSERT INTO t FROM staged"));
        break;
    }
    must(connection->commit());
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const size_t existing = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100000;
  std::printf("existing keys: %zu; milliseconds of the median batch, and peer / TableWriter\n",
              existing);
  std::printf("%-8s %-8s %8s %12s %22s %22s %22s\n", "work", "keys", "rows", "TableWriter",
              "INSERT SELECT", "ON CONFLICT (PK)", "DELETE + INSERT");
  for (const bool upsert : {false, true}) {
    for (const std::string keys : {"new", "uniform", "skewed"}) {
      if (!upsert && keys != "new") continue;
      for (const size_t size : {10, 100, 1000, 10000, 100000}) {
        const double ours = measure(Way::kTableWriter, upsert, keys, existing, size);
        std::printf("%-8s %-8s %8zu %9.2f ms", upsert ? "upsert" : "append", keys.c_str(), size,
                    ours);
        for (const Way way : {Way::kInsertSelect, Way::kOnConflict, Way::kDeleteInsert}) {
          if ((way == Way::kInsertSelect) == upsert) {
            std::printf(" %22s", "");
            continue;
          }
          const double peer = measure(way, upsert, keys, existing, size);
          std::printf(" %12.2f ms %5.2fx", peer, peer / ours);
        }
        std::printf("\n");
        std::fflush(stdout);
      }
    }
  }
}
