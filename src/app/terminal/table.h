// Rows as an aligned table, while they come.
//
//    id | name
//   ----+------
//     1 | Anna
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/terminal/style.h"

namespace leat::terminal {

using Row = std::vector<std::optional<std::string>>;  // nullopt: NULL

struct TableColumn {
  std::string name;
  bool right_aligned = false;
};

// The first rows are held back to find the widths (a thousand, or all when there are fewer); later
// rows are written as they come, in the same widths. On a terminal the widest columns give way
// until a line fits, and their cells end in "…". For one thread.
class TableWriter {
 public:
  TableWriter(std::ostream& out, std::vector<TableColumn> columns, const Screen& screen);

  // REQUIRES: a cell for each column
  void add(Row row);
  // Writes what is held back and returns the number of rows.
  uint64_t finish();

 private:
  void write_held();
  void write_row(const Row& row);

  std::ostream& out_;
  std::vector<TableColumn> columns_;
  const Screen screen_;
  std::vector<size_t> widths_;
  std::vector<Row> held_;
  size_t bytes_held_ = 0;
  bool header_written_ = false;
  uint64_t rows_ = 0;
};

}  // namespace leat::terminal
