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
        row.lines += c == '\n';
        field.text += c;
      }
    }
    // Unquoted text up to the delimiter or line end; nothing may stand after a closing quote.
    const size_t begin = at;
    while (at < input.size() && input[at] != options.delimiter && input[at] != '\n') ++at;
    if (at == input.size() && !at_end) return CsvStatus::kIncomplete;
    std::string_view plain = input.substr(begin, at - begin);
    more = at < input.size() && input[at] == options.delimiter;
    if (!more && plain.ends_with('\r')) plain.remove_suffix(1);
    if (!more) row.text_size = begin + plain.size();
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
