#include "source/format/csv_row.h"

namespace leat::source {
namespace {

CsvField& next_field(CsvRow& row) {
  if (row.count == row.fields.size()) row.fields.emplace_back();
  CsvField& field = row.fields[row.count++];
  field.text.clear();
  field.quoted = false;
  return field;
}

bool ends_line(char c) { return c == '\n' || c == '\r'; }

}  // namespace

CsvStatus parse_csv_row(std::string_view input, bool at_end, const CsvOptions& options,
                        CsvRow& row) {
  row.count = row.lines = row.bad_field = 0;
  size_t at = 0;
  bool more = true;
  while (more) {
    CsvField& field = next_field(row);
    if (at < input.size() && input[at] == options.quote) {
      field.quoted = true;
      ++at;
      for (;;) {
        if (at == input.size()) return CsvStatus::kIncomplete;
        const char c = input[at++];
        if (c == options.quote) {
          if (at == input.size() && !at_end) return CsvStatus::kIncomplete;
          if (at == input.size() || input[at] != options.quote) break;
          ++at;  // a doubled quote stands for one
        }
        // A CR that ends the input may be followed by its LF: the row is not whole anyway.
        const bool before_lf = c == '\r' && at < input.size() && input[at] == '\n';
        row.lines += c == '\n' || (c == '\r' && !before_lf);
        field.text += c;
      }
    }
    // Unquoted text up to the delimiter or line end; nothing may stand after a closing quote.
    const size_t begin = at;
    while (at < input.size() && input[at] != options.delimiter && !ends_line(input[at])) ++at;
    const bool cr = at < input.size() && input[at] == '\r';
    if (at + cr >= input.size() && !at_end) return CsvStatus::kIncomplete;
    const std::string_view plain = input.substr(begin, at - begin);
    more = at < input.size() && input[at] == options.delimiter;
    if (!more) row.text_size = at;
    if (cr && input.substr(at).starts_with("\r\n")) ++at;
    if (!field.quoted) {
      field.text.assign(plain);
    } else if (!plain.empty() && row.bad_field == 0) {
      row.bad_field = row.count;
    }
    if (at < input.size()) ++at;
  }
  ++row.lines;
  row.consumed = at;
  return row.bad_field != 0 ? CsvStatus::kMalformed : CsvStatus::kRow;
}

}  // namespace leat::source
