#include "app/terminal/table.h"

#include <algorithm>
#include <numeric>

#include "app/terminal/text_width.h"

namespace leat::terminal {
namespace {

constexpr size_t kRowsHeld = 1000;
constexpr size_t kBytesHeld = 16 << 20;
constexpr size_t kNarrowest = 6;
constexpr std::string_view kNull = "NULL";

// Lowers the widest until the line fits, none below kNarrowest.
void make_fit(std::vector<size_t>& widths, size_t line_width) {
  const size_t frame = widths.size() * 3 - 1;
  const size_t room = line_width > frame ? line_width - frame : 0;
  const auto used_below = [&widths](size_t cap) {
    return std::accumulate(widths.begin(), widths.end(), size_t{0},
                           [cap](size_t sum, size_t width) { return sum + std::min(width, cap); });
  };
  size_t cap = *std::ranges::max_element(widths);
  while (cap > kNarrowest && used_below(cap) > room) --cap;
  for (size_t& width : widths) width = std::min(width, cap);
}

std::string without_trailing_spaces(std::string line) {
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

TableWriter::TableWriter(std::ostream& out, std::vector<TableColumn> columns, const Screen& screen)
    : out_(out), columns_(std::move(columns)), screen_(screen) {
  for (TableColumn& column : columns_) {
    column.name = printable(column.name);
    widths_.push_back(std::max<size_t>(1, display_width(column.name)));
  }
}

void TableWriter::add(Row row) {
  ++rows_;
  for (auto& cell : row) {
    if (cell) cell = printable(*cell);
  }
  if (header_written_) {
    write_row(row);
    return;
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths_[i] = std::max(widths_[i], row[i] ? display_width(*row[i]) : kNull.size());
    bytes_held_ += row[i] ? row[i]->size() : 0;
  }
  held_.push_back(std::move(row));
  if (held_.size() >= kRowsHeld || bytes_held_ >= kBytesHeld) write_held();
}

uint64_t TableWriter::finish() {
  if (!header_written_) write_held();
  return rows_;
}

void TableWriter::write_held() {
  header_written_ = true;
  if (columns_.empty()) return;
  if (screen_.terminal) make_fit(widths_, screen_.width);

  std::string names;
  std::string rule;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) names += '|';
    if (i > 0) rule += '+';
    names += ' ';
    names += painted(padded_to_width(columns_[i].name, widths_[i], columns_[i].right_aligned),
                     Colour::kBold, screen_);
    names += ' ';
    rule.append(widths_[i] + 2, '-');
  }
  out_ << without_trailing_spaces(std::move(names)) << '\n' << rule << '\n';
  for (const Row& row : held_) write_row(row);
  held_ = {};
}

void TableWriter::write_row(const Row& row) {
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    line += i > 0 ? "| " : " ";
    // Behind the held rows a cell may be wider than its column; only a terminal cuts it.
    const std::string_view text = row[i] ? std::string_view(*row[i]) : kNull;
    const size_t width = screen_.terminal ? widths_[i] : std::max(widths_[i], display_width(text));
    const std::string cell = padded_to_width(text, width, columns_[i].right_aligned);
    line += row[i] ? cell : painted(cell, Colour::kDim, screen_);
    line += ' ';
  }
  out_ << without_trailing_spaces(std::move(line)) << '\n';
}

}  // namespace leat::terminal
