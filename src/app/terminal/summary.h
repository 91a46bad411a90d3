// Small tables for run summaries: labels and numbers in columns, without lines.
//
//   task                  fetched  produced
//   stream_data_from_api    1,000     1,000
#pragma once

#include <string>
#include <vector>

#include "app/terminal/style.h"

namespace leat::terminal {

// A header (dim; may be empty) and rows, two spaces between columns, each line indented by two.
// Columns whose cells all start with a digit, a sign or nothing are aligned to the right. Rows may
// be shorter than others. Cells keep their colours.
std::string summary_table(const std::vector<std::string>& header,
                          const std::vector<std::vector<std::string>>& rows, const Screen& screen);

}  // namespace leat::terminal
