#include "source/format/csv_reader.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/json_text.h"
#include "base/text/lower_case.h"
#include "base/text/utf8.h"
#include "source/format/csv_row.h"
#include "source/format/input_buffer.h"

namespace leat::source {
namespace {

constexpr size_t kFillBytes = 256 << 10;

// Objects under construction: views are made when the text no longer moves.
struct Output {
  std::string text;
  std::vector<std::pair<size_t, size_t>> places;  // begin, size
};

class CsvReader final : public RecordReader {
 public:
  CsvReader(std::unique_ptr<ByteStream> stream, CsvOptions options, ReadPosition from)
      : input_(std::move(stream)), options_(std::move(options)), from_(from) {}

  Result<RecordPart> read(const PartLimits& limits) override {
    if (!opened_) {
      LEAT_TRY(open());
      opened_ = true;
    }
    RecordPart part;
    part.warnings = std::move(warnings_);
    warnings_.clear();
    Output output;
    while (output.text.size() < limits.bytes &&
           output.places.size() + part.rejected.size() < limits.records) {
      LEAT_ASSIGN(const CsvStatus status, next_row());
      if (input_.unused().empty()) break;
      take_row(status, output, part);
    }
    LEAT_TRY(input_.fill(1));  // so that the last part knows that it is the last
    finish(std::move(output), part);
    return part;
  }

 private:
  // Reads the header (or makes the names), then goes to from_.
  Result<void> open() {
    LEAT_TRY(input_.fill(kFillBytes));
    LEAT_TRY(refuse_utf16(input_.unused()));
    if (input_.unused().starts_with(kByteOrderMark)) advance(kByteOrderMark.size(), 0);
    if (options_.header) {
      LEAT_ASSIGN(const CsvStatus status, next_row());
      if (!input_.unused().empty()) {
        if (status != CsvStatus::kRow) return user_error("line 1: the header is not a row of CSV");
        for (size_t i = 0; i < row_.count; ++i) columns_.push_back(row_.fields[i].text);
        advance(row_.consumed, row_.lines);
      }
    } else {
      columns_ = options_.columns;
    }
    LEAT_TRY(name_columns());
    if (from_.byte > at_.byte) {
      warnings_.clear();  // they were told with the first part
      LEAT_TRY(input_.skip(from_.byte - at_.byte));
      at_ = from_;
    }
    return {};
  }

  Result<void> name_columns() {
    if (columns_.empty() && !options_.header) {
      LEAT_ASSIGN(const CsvStatus status, next_row());
      if (!input_.unused().empty() && status == CsvStatus::kRow) columns_.resize(row_.count);
    }
    std::set<std::string_view> seen;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].empty()) columns_[i] = fmt::format("column{}", i + 1);
      if (!is_utf8(columns_[i]))
        return user_error("line 1: the name of column {} is not UTF-8", i + 1);
    }
    for (const std::string& column : columns_) {
      if (!seen.insert(column).second)
        return user_error("line 1: two columns are named \"{}\"", column);
    }
    warn_of_delimiter();
    rename_columns();
    for (const std::string& column : columns_) {
      std::string name;
      append_json_string(name, column);
      quoted_names_.push_back(std::move(name));
    }
    return {};
  }

  // SQL ignores the case of letters: the later ones of names that differ in nothing else get a
  // number.
  void rename_columns() {
    std::set<std::string> taken;
    for (const std::string& column : columns_) taken.insert(lower_case(column));
    std::set<std::string> seen;
    for (std::string& column : columns_) {
      if (seen.insert(lower_case(column)).second) continue;
      std::string name;
      for (int i = 1; name.empty() || !taken.insert(lower_case(name)).second; ++i) {
        name = fmt::format("{}_{}", column, i);
      }
      warnings_.push_back(fmt::format(
          "SQL cannot tell the column \"{}\" from another one: its values are in the field \"{}\"",
          column, name));
      seen.insert(lower_case(name));
      column = std::move(name);
    }
  }

  void warn_of_delimiter() {
    if (!options_.header || columns_.size() != 1) return;
    for (const std::string_view other : {";", "\t", "|", ","}) {
      if (other[0] == options_.delimiter || columns_[0].find(other) == std::string::npos) continue;
      warnings_.push_back(fmt::format(
          "the header is one column, \"{}\": if there are several, set `csv: {{delimiter: {}}}`",
          columns_[0], other == "\t" ? "tab" : fmt::format("\"{}\"", other)));
      return;
    }
  }

  // Parses the row at the input's beginning, reading on until it is whole or too long.
  Result<CsvStatus> next_row() {
    size_t wanted = kFillBytes;
    for (;;) {
      if (input_.unused().empty()) LEAT_TRY(input_.fill(wanted));
      if (input_.unused().empty()) return CsvStatus::kIncomplete;
      const CsvStatus status = parse_csv_row(input_.unused(), input_.at_end(), options_, row_);
      if (status != CsvStatus::kIncomplete || input_.at_end()) return status;
      if (input_.unused().size() >= kMaxRecordBytes) return status;
      wanted = std::min(std::max(wanted, input_.unused().size() * 2), kMaxRecordBytes);
      LEAT_TRY(input_.fill(wanted));
    }
  }

  void take_row(CsvStatus status, Output& output, RecordPart& part) {
    if (status == CsvStatus::kIncomplete) return reject_first_line(part);
    const std::string_view text = input_.unused().substr(0, row_.text_size);
    if (!text.empty()) {
      ++at_.record;
      const std::string problem =
          status == CsvStatus::kMalformed
              ? fmt::format("text after the closing quote of field {}", row_.bad_field)
              : append_object(output);
      if (!problem.empty()) {
        part.rejected.push_back({std::string(text), fmt::format("line {}: {}", at_.line, problem)});
      }
    }
    advance(row_.consumed, row_.lines);
  }

  // A quote that is never closed, or a row that is too long: only its first line is given up.
  void reject_first_line(RecordPart& part) {
    const std::string_view unused = input_.unused();
    const size_t newline = unused.find_first_of("\r\n");
    const bool crlf = unused.substr(std::min(newline, unused.size())).starts_with("\r\n");
    const size_t line =
        newline == std::string_view::npos ? unused.size() : newline + (crlf ? 2 : 1);
    part.rejected.push_back(
        {std::string(unused.substr(0, std::min(line, kRejectedBytes))),
         fmt::format("line {}: a quoted field is not closed {}", at_.line,
                     input_.at_end() ? "before the end of the file"
                                     : fmt::format("within {} bytes", kMaxRecordBytes))});
    ++at_.record;
    advance(line, 1);
  }

  // What is wrong with the row; empty: nothing, and the object was appended.
  std::string append_object(Output& output) {
    if (row_.count != columns_.size()) {
      return fmt::format("{} fields where there are {} columns", row_.count, columns_.size());
    }
    const size_t begin = output.text.size();
    for (size_t i = 0; i < row_.count; ++i) {
      output.text += i == 0 ? '{' : ',';
      output.text += quoted_names_[i];
      output.text += ':';
      if (!append_value(row_.fields[i], output.text)) {
        output.text.resize(begin);
        return fmt::format("the field \"{}\" is not UTF-8", columns_[i]);
      }
    }
    output.text += '}';
    output.places.emplace_back(begin, output.text.size() - begin);
    return {};
  }

  bool append_value(const CsvField& field, std::string& to) const {
    if (!field.quoted) {
      if (field.text.empty() || field.text == options_.null) {
        to += "null";
        return true;
      }
      if (field.text == "true" || field.text == "false" || is_json_number(field.text)) {
        to += field.text;
        return true;
      }
    }
    if (!is_utf8(field.text)) return false;
    append_json_string(to, field.text);
    return true;
  }

  void advance(size_t bytes, size_t lines) {
    input_.consume(bytes);
    at_.byte += bytes;
    at_.line += lines;
  }

  void finish(Output output, RecordPart& part) {
    auto memory = std::make_shared<std::string>(std::move(output.text));
    memory->append(kRecordPadding, '\0');
    part.records.reserve(output.places.size());
    for (const auto& [begin, size] : output.places) {
      part.records.push_back({std::string_view(*memory).substr(begin, size)});
    }
    part.memory = std::move(memory);
    part.next = at_;
    part.end = input_.at_end() && input_.unused().empty();
  }

  InputBuffer input_;
  const CsvOptions options_;
  const ReadPosition from_;
  ReadPosition at_;
  std::vector<std::string> columns_;
  std::vector<std::string> quoted_names_;
  std::vector<std::string> warnings_;
  CsvRow row_;
  bool opened_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> make_csv_reader(std::unique_ptr<ByteStream> stream,
                                              CsvOptions options, ReadPosition from) {
  return std::make_unique<CsvReader>(std::move(stream), std::move(options), from);
}

}  // namespace leat::source
