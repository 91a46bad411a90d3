// DuckDB itself on the work of the users example: CPU seconds of reading a file of people and of
// writing the columns of a query, for programs that compare Leat with it.
//
//   duckdb_peer_bench NDJSON-FILE DATABASE COLUMNS   makes the database, prints "name seconds"
//   lines
//
//   duckdb_peer_bench   opens a database in memory and ends
#include <fmt/core.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "store/database.h"

namespace {

using leat::store::Connection;
using leat::store::Database;

template <class T>
T must(leat::Result<T> result) {
  if (!result.ok()) {
    fmt::print(stderr, "{}\n", result.error().to_string());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

void measure(Connection& connection, const std::string& name, const std::string& sql) {
  const std::clock_t begin = std::clock();
  must(connection.run(sql));
  fmt::print("{} {:.3f}\n", name, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
}

void compare(const std::string& file, const std::string& path, const std::string& columns) {
  const auto database = must(Database::open(path));
  const auto connection = must(database->connect());
  const std::string people = "read_json(" + leat::store::quoted_literal(file) +
                             ", format = 'newline_delimited', sample_size = 2000)";
  const std::string select = fmt::format("SELECT {} FROM {}", columns, people);
  measure(*connection, "read_json, filtered",
          "CREATE TABLE filtered AS " + select + " WHERE gender = 'neither'");
  measure(*connection, "read_json -> table", "CREATE TABLE people AS " + select);
  must(
      connection->run("CREATE TEMP TABLE staged AS FROM people; "
                      "CREATE TABLE copied AS FROM people LIMIT 0; CHECKPOINT"));
  measure(*connection, "INSERT ... SELECT of rows in memory", "INSERT INTO copied FROM staged");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4) {
    compare(argv[1], argv[2], argv[3]);
  } else {
    must(must(Database::open(""))->connect());
  }
}
