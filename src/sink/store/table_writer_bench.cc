// TableWriter beside DuckDB's own ways to write the same rows: ratios of the median time of a
// batch, each batch one durable transaction. Usage: table_writer_bench [rows that the table has
// before]… (100000 10000000)
//
// All ways take turns, batch by batch, so that an hour in which the machine is slow is one for all.
// A cell gives each a few seconds: fewer batches where one takes long. Where a single batch took
// longer than that, the larger ones of the same keys are not run, and the figure is a lower bound
// (>).
//
// The peers read the rows from a temporary table that is filled before the clock starts;
// TableWriter starts from chunks, as the stream engine gives them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "sink/store/table_writer.h"
#include "store/database.h"
#include "store/store.h"

namespace {

using leat::Result;
using leat::sink::TableWriter;
using leat::store::Connection;
using leat::store::Database;
using leat::store::RowBatch;
using leat::store::Store;

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

struct Work {
  std::string keys;  // "new", "uniform", "skewed"
  size_t rows;       // of a batch
};

constexpr double kCellMilliseconds = 6000;

struct Measured {
  double milliseconds = 0;
  bool at_least = false;  // not run: a smaller batch took so long
};

// One table of `existing` rows, written one way.
class Table {
 public:
  Table(Way way, bool upsert, size_t existing)
      : way_(way),
        upsert_(upsert),
        existing_(existing),
        store_(must(Store::open())),
        database_(open_file(way)),
        connection_(must(database_->connect())),
        writer_(must(TableWriter::create(
            *connection_, "t",
            upsert ? std::vector<std::string>{"id"} : std::vector<std::string>{}))) {
    must(connection_->begin());
    must(writer_.prepare(batch(*connection_, rows_sql("i", 1)).columns));
    must(connection_->commit());
    must(connection_->run("INSERT INTO t SELECT * EXCLUDE (input) FROM (" +
                          rows_sql("i", existing) + ")"));
    if (way == Way::kOnConflict) must(connection_->run("ALTER TABLE t ADD PRIMARY KEY (id)"));
    must(connection_->run("CHECKPOINT; CREATE TEMP TABLE staged AS FROM t LIMIT 0"));
  }

  double write_batch(const Work& work) {
    const std::string sql = rows_sql(next_key(work), work.rows);
    RowBatch rows;
    if (way_ == Way::kTableWriter) {
      rows = batch(*connection_, sql);
    } else {
      must(connection_->run(
          "TRUNCATE staged; INSERT INTO staged SELECT * EXCLUDE (input) FROM (" + sql + ")" +
          (upsert_ ? " QUALIFY row_number() OVER (PARTITION BY id ORDER BY input DESC) = 1" : "")));
    }
    const auto start = std::chrono::steady_clock::now();
    write(rows);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
  }

 private:
  // TableWriter's as a pipeline has it; the peers' with DuckDB's own settings.
  std::unique_ptr<Database> open_file(Way way) {
    const leat::Path file = directory_.path() / "bench.duckdb";
    return must(way == Way::kTableWriter ? store_->attach("bench", file) : Database::open(file));
  }

  std::string next_key(const Work& work) {
    const size_t first = written_;
    written_ += work.rows;
    if (work.keys == "new") return fmt::format("i + {}", existing_ + first);
    if (work.keys == "uniform") return fmt::format("hash(i + {}) % {}", first, existing_);
    // About a tenth of the keys gets nine tenths of the rows.
    return fmt::format("(power((hash(i + {}) % 1000003) / 1000003.0, 20) * {})::BIGINT", first,
                       existing_);
  }

  void write(const RowBatch& rows) {
    must(connection_->begin());
    switch (way_) {
      case Way::kTableWriter:
        must(writer_.write(rows));
        break;
      case Way::kInsertSelect:
        must(connection_->run("INSERT INTO t FROM staged"));
        break;
      case Way::kOnConflict:
        must(connection_->run("INSERT INTO t FROM staged ON CONFLICT (id) DO UPDATE SET " +
                              assignments(rows_sql("i", 0))));
        break;
      case Way::kDeleteInsert:
        must(connection_->run(
            "DELETE FROM t USING staged WHERE t.id = staged.id; INSERT INTO t FROM staged"));
        break;
    }
    must(connection_->commit());
  }

  // "first_name = excluded.first_name, …" for all columns but the key.
  const std::string& assignments(const std::string& sql) {
    if (!assignments_.empty()) return assignments_;
    const auto result = must(connection_->query(sql));
    for (const auto& column : result.columns()) {
      if (column.name == "id" || column.name == "input") continue;
      if (!assignments_.empty()) assignments_ += ", ";
      assignments_ += column.name + " = excluded." + column.name;
    }
    return assignments_;
  }

  const leat::TemporaryDirectory directory_;
  const Way way_;
  const bool upsert_;
  const size_t existing_;
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Connection> connection_;
  TableWriter writer_;
  size_t written_ = 0;
  std::string assignments_;
};

// The median batch of each table.
std::vector<Measured> measure(std::vector<std::unique_ptr<Table>>& tables, const Work& work,
                              const std::vector<bool>& too_long) {
  // TableWriter learns from small batches: most of them should have something of it.
  const size_t batches = work.rows >= 100000  ? 5
                         : work.rows >= 10000 ? 9
                         : work.rows >= 1000  ? 21
                                              : 151;
  std::vector<std::vector<double>> times(tables.size());
  std::vector<double> all(tables.size());
  for (size_t batch = 0; batch < batches; ++batch) {
    for (size_t i = 0; i < tables.size(); ++i) {
      if (too_long[i] || all[i] >= kCellMilliseconds) continue;
      times[i].push_back(tables[i]->write_batch(work));
      all[i] += times[i].back();
    }
  }
  std::vector<Measured> cells;
  for (auto& taken : times) {
    std::sort(taken.begin(), taken.end());
    cells.push_back({taken.empty() ? 0 : taken[taken.size() / 2], taken.empty()});
  }
  return cells;
}

void compare(bool upsert, size_t existing, const std::vector<Work>& works,
             const std::vector<std::pair<Way, const char*>>& peers) {
  std::printf("%s, %zu rows there; milliseconds of the median batch, and peer / TableWriter\n",
              upsert ? "upsert" : "append", existing);
  std::vector<std::unique_ptr<Table>> tables;
  tables.push_back(std::make_unique<Table>(Way::kTableWriter, upsert, existing));
  std::printf("%-8s %8s %12s", "keys", "rows", "TableWriter");
  for (const auto& [way, name] : peers) {
    tables.push_back(std::make_unique<Table>(way, upsert, existing));
    std::printf(" %21s", name);
  }
  std::printf("\n");
  std::vector<Measured> before(tables.size());  // of the same keys
  for (size_t w = 0; w < works.size(); ++w) {
    if (w > 0 && works[w].keys != works[w - 1].keys) before.assign(tables.size(), {});
    std::vector<bool> too_long;
    for (const Measured& cell : before) too_long.push_back(cell.milliseconds > kCellMilliseconds);
    auto cells = measure(tables, works[w], too_long);
    std::printf("%-8s %8zu %9.2f ms", works[w].keys.c_str(), works[w].rows, cells[0].milliseconds);
    for (size_t i = 1; i < cells.size(); ++i) {
      if (cells[i].at_least) cells[i].milliseconds = before[i].milliseconds;
      std::printf(" %s%10.2f ms %5.2fx", cells[i].at_least ? ">" : " ", cells[i].milliseconds,
                  cells[i].milliseconds / cells[0].milliseconds);
    }
    std::printf("\n");
    std::fflush(stdout);
    before = std::move(cells);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Work> appends;
  std::vector<Work> upserts;
  for (const std::string keys : {"new", "uniform", "skewed"}) {
    for (const size_t rows : {10, 100, 1000, 10000, 100000}) {
      if (keys == "new") appends.push_back({keys, rows});
      upserts.push_back({keys, rows});
    }
  }
  std::vector<size_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {100'000, 10'000'000};
  for (const size_t existing : sizes) {
    compare(true, existing, upserts,
            {{Way::kOnConflict, "ON CONFLICT (PK)"}, {Way::kDeleteInsert, "DELETE + INSERT"}});
  }
  compare(false, sizes.front(), appends, {{Way::kInsertSelect, "INSERT SELECT"}});
}
