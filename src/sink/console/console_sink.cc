#include "sink/console/console_sink.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/text/json_text.h"
#include "store/cell.h"

namespace leat::sink {
namespace {

using store::LogicalType;

constexpr size_t kWidestCell = 60;  // code points; longer cells are cut with an ellipsis

std::vector<LogicalType> types_of(const store::DataChunk& chunk, size_t count) {
  std::vector<LogicalType> types;
  for (idx_t i = 0; i < count; ++i) {
    types.emplace_back(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk.get(), i)));
  }
  return types;
}

// Rows and deletes in the order of their input records.
std::string as_ndjson(const store::RowBatch& rows) {
  std::string out;
  size_t row_of_batch = 0;
  size_t next_delete = 0;
  const auto print_deletes = [&](uint32_t before) {
    for (; next_delete < rows.deletes.size() && rows.deletes[next_delete].input < before;
         ++next_delete) {
      out += "{\"__deleted\":";
      append_json_string(out, rows.deletes[next_delete].key);
      out += "}\n";
    }
  };
  for (const store::DataChunk& chunk : rows.chunks) {
    const auto types = types_of(chunk, rows.columns.size());
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row, ++row_of_batch) {
      print_deletes(rows.inputs[row_of_batch]);
      for (size_t i = 0; i < types.size(); ++i) {
        out += i == 0 ? '{' : ',';
        append_json_string(out, rows.columns[i].name);
        out += ':';
        store::append_json(out, duckdb_data_chunk_get_vector(chunk.get(), i), types[i].get(), row);
      }
      out += "}\n";
    }
  }
  print_deletes(UINT32_MAX);
  return out;
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// One line of the table: control characters become spaces, a long text is cut.
std::string cell(std::string text) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < 0x20) text[i] = ' ';
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && ++seen > kWidestCell) {
      text.resize(i);
      return text + "…";
    }
  }
  return text;
}

std::string as_table(const store::RowBatch& rows) {
  std::vector<std::vector<std::string>> lines(1);
  for (const store::Column& column : rows.columns) lines[0].push_back(cell(column.name));
  for (const store::DataChunk& chunk : rows.chunks) {
    const auto types = types_of(chunk, rows.columns.size());
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row) {
      auto& line = lines.emplace_back();
      for (size_t i = 0; i < types.size(); ++i) {
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        line.push_back(cell(store::cell_text(vector, types[i].get(), row).value_or("NULL")));
      }
    }
  }
  std::vector<size_t> widths(rows.columns.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], code_points(line[i]));
  }
  std::string out;
  for (size_t row = 0; row < lines.size(); ++row) {
    for (size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) out += "  ";
      out += lines[row][i];
      if (i + 1 < widths.size()) out.append(widths[i] - code_points(lines[row][i]), ' ');
    }
    out += '\n';
    for (size_t i = 0; row == 0 && i < widths.size(); ++i) {
      if (i > 0) out += "  ";
      out.append(widths[i], '-');
      if (i + 1 == widths.size()) out += '\n';
    }
  }
  for (const store::KeyDelete& one : rows.deletes) out += "deleted " + cell(one.key) + "\n";
  return out;
}

}  // namespace

Result<void> ConsoleSink::prepare(const std::vector<store::Column>&) { return {}; }

Result<Delivery> ConsoleSink::deliver(const EpochIdentity&, const store::RowBatch& rows) {
  if (rows.row_count() == 0 && rows.deletes.empty()) return Delivery{};
  const std::string text = format_ == ConsoleFormat::kNdjson ? as_ndjson(rows) : as_table(rows);
  if (std::fwrite(text.data(), 1, text.size(), out_) != text.size()) {
    return os_error(errno, "cannot print rows");
  }
  LEAT_TRY(flush());
  return Delivery{};
}

Result<void> ConsoleSink::flush() {
  if (std::fflush(out_) != 0) return os_error(errno, "cannot print rows");
  return {};
}

Result<void> ConsoleSink::close() { return flush(); }

Connector console_connector() {
  const auto make = [](const SinkContext& context) -> Result<std::unique_ptr<Sink>> {
    const auto format = context.target.options["format"];
    const bool table = format && format.text() == "table";
    return std::unique_ptr<Sink>(std::make_unique<ConsoleSink>(
        stdout, table ? ConsoleFormat::kTable : ConsoleFormat::kNdjson));
  };
  config::Key key{
      .name = "console",
      .value = config::mapping({{.name = "format",
                                 .value = config::scalar(config::ValueKind::kText),
                                 .doc = "One JSON object a line, or a table an epoch.",
                                 .default_text = "ndjson",
                                 .choices = {"ndjson", "table"}}},
                               "", "{console: stdout, format: table}"),
      .doc =
          "Prints the rows on standard output, at least once: after a crash the last epoch may "
          "be printed again.",
  };
  return {.target = {.key = std::move(key), .place = config::TargetPlace::kOutside}, .make = make};
}

}  // namespace leat::sink
