#include "app/terminal/result_writer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "app/terminal/numbers.h"
#include "base/text/control_characters.h"
#include "base/text/json_text.h"

namespace leat::terminal {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

bool is_number(std::string_view type) {
  static constexpr std::array<std::string_view, 13> kNumbers = {
      "TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
      "UINTEGER", "UBIGINT",  "UHUGEINT", "FLOAT",  "DOUBLE",  "BIGNUM"};
  return std::ranges::find(kNumbers, type) != kNumbers.end() ||
         (type.starts_with("DECIMAL") && !type.ends_with(']'));
}

bool is_json(std::string_view type) {
  return type == "JSON" || type.ends_with(']') || type.starts_with("STRUCT(") ||
         type.starts_with("MAP(") || type.starts_with("UNION(");
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_csv_field(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

void append_csv_line(std::string& out, const Row& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    if (row[i]) append_csv_field(out, *row[i]);
  }
  out += '\n';
}

class JsonObjects {
 public:
  explicit JsonObjects(const std::vector<ResultColumn>& columns) {
    std::set<std::string> names;
    for (const ResultColumn& column : columns) {
      std::string name = column.name;
      for (int i = 1; !names.insert(name).second; ++i) {
        name = fmt::format("{}_{}", column.name, i);
      }
      keys_.push_back(json_text(name));
      kinds_.push_back(column.type == "BOOLEAN" ? Kind::kBoolean
                       : is_number(column.type) ? Kind::kNumber
                       : is_json(column.type)   ? Kind::kJson
                                                : Kind::kText);
    }
  }

  void append(std::string& out, const Row& row) const {
    out += '{';
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      out += keys_[i];
      out += ':';
      out += row[i] ? value(kinds_[i], *row[i]) : "null";
    }
    out += '}';
  }

 private:
  enum class Kind : uint8_t { kText, kNumber, kBoolean, kJson };

  static std::string value(Kind kind, const std::string& text) {
    const bool as_it_is = (kind == Kind::kNumber && is_json_number(text)) ||
                          (kind == Kind::kBoolean && (text == "true" || text == "false")) ||
                          (kind == Kind::kJson && nlohmann::json::accept(text));
    return as_it_is ? text : json_text(text);
  }

  std::vector<std::string> keys_;
  std::vector<Kind> kinds_;
};

// Gathers pieces and hands them to the stream: as they are, but on a terminal, to which data must
// not send commands.
class Output {
 public:
  Output(std::ostream& out, const Screen& screen) : out_(out), terminal_(screen.terminal) {}

  std::string& text() { return text_; }
  Result<void> flush_if_large() { return text_.size() < kPieceBytes ? Result<void>() : flush(); }
  Result<void> flush() {
    out_ << (terminal_ ? without_control_characters(text_) : text_);
    out_.flush();
    text_.clear();
    if (!out_) return external_error(Retry::kNo, "the result cannot be written");
    return {};
  }

 private:
  std::ostream& out_;
  bool terminal_;
  std::string text_;
};

Result<uint64_t> write_table(std::ostream& out, ResultSource& source, const Screen& screen) {
  std::vector<TableColumn> columns;
  for (const ResultColumn& column : source.columns()) {
    columns.push_back({column.name, is_number(column.type)});
  }
  TableWriter table(out, std::move(columns), screen);
  for (Row row;;) {
    LEAT_ASSIGN(const bool more, source.next_row(row));
    if (!more) break;
    table.add(std::move(row));
    row = {};
    if (!out) break;
  }
  const uint64_t rows = table.finish();
  out << painted(fmt::format("({} row{})", human_count(rows), rows == 1 ? "" : "s"), Colour::kDim,
                 screen)
      << '\n';
  LEAT_TRY(Output(out, screen).flush());
  return rows;
}

Result<uint64_t> write_csv(std::ostream& out, ResultSource& source, const Screen& screen) {
  Output output(out, screen);
  Row names;
  for (const ResultColumn& column : source.columns()) names.emplace_back(column.name);
  append_csv_line(output.text(), names);
  uint64_t rows = 0;
  for (Row row;; ++rows) {
    LEAT_ASSIGN(const bool more, source.next_row(row));
    if (!more) break;
    append_csv_line(output.text(), row);
    LEAT_TRY(output.flush_if_large());
  }
  LEAT_TRY(output.flush());
  return rows;
}

Result<uint64_t> write_objects(std::ostream& out, ResultSource& source, bool array,
                               const Screen& screen) {
  Output output(out, screen);
  const JsonObjects objects(source.columns());
  if (array) output.text() += '[';
  uint64_t rows = 0;
  for (Row row;; ++rows) {
    LEAT_ASSIGN(const bool more, source.next_row(row));
    if (!more) break;
    if (array) output.text() += rows == 0 ? "\n" : ",\n";
    objects.append(output.text(), row);
    if (!array) output.text() += '\n';
    LEAT_TRY(output.flush_if_large());
  }
  if (array) output.text() += rows == 0 ? "]\n" : "\n]\n";
  LEAT_TRY(output.flush());
  return rows;
}

}  // namespace

Result<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::kTable;
  if (name == "csv") return Format::kCsv;
  if (name == "json") return Format::kJson;
  if (name == "ndjson") return Format::kNdjson;
  return user_error("'{}' is not a format: table, csv, json or ndjson", name);
}

Result<uint64_t> write_result(std::ostream& out, Format format, ResultSource& source,
                              const Screen& screen) {
  switch (format) {
    case Format::kTable:
      return write_table(out, source, screen);
    case Format::kCsv:
      return write_csv(out, source, screen);
    case Format::kJson:
      return write_objects(out, source, true, screen);
    case Format::kNdjson:
      return write_objects(out, source, false, screen);
  }
  return internal_error("no such format");
}

}  // namespace leat::terminal
