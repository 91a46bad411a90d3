#include "app/terminal/summary.h"

#include <algorithm>

#include "app/terminal/text_width.h"

namespace leat::terminal {
namespace {

// Without "\x1b[31m" and the like.
std::string uncoloured(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.starts_with("\x1b[")) {
      text.remove_prefix(std::min(text.size(), text.find('m')) + (text.find('m') < text.size()));
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

struct Column {
  size_t width = 0;
  bool right_aligned = true;
};

void measure(std::vector<Column>& columns, const std::vector<std::string>& cells, bool header) {
  if (columns.size() < cells.size()) columns.resize(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string plain = uncoloured(cells[i]);
    columns[i].width = std::max(columns[i].width, display_width(plain));
    const bool number = plain.empty() || (plain[0] >= '0' && plain[0] <= '9') || plain[0] == '-';
    if (!header && !number) columns[i].right_aligned = false;
  }
}

std::string line_of(const std::vector<Column>& columns, const std::vector<std::string>& cells) {
  std::string line = "  ";
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += "  ";
    const std::string fill(columns[i].width - display_width(uncoloured(cells[i])), ' ');
    line += columns[i].right_aligned ? fill + cells[i] : cells[i] + fill;
  }
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string summary_table(const std::vector<std::string>& header,
                          const std::vector<std::vector<std::string>>& rows, const Screen& screen) {
  std::vector<Column> columns;
  measure(columns, header, true);
  for (const auto& row : rows) measure(columns, row, false);

  std::string table;
  if (!header.empty()) table += painted(line_of(columns, header), Colour::kDim, screen) + '\n';
  for (const auto& row : rows) table += line_of(columns, row) + '\n';
  return table;
}

}  // namespace leat::terminal
