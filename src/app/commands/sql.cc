// leat sql.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/client/client.h"
#include "app/commands/command.h"
#include "app/terminal/result_writer.h"
#include "base/spool.h"

namespace leat::app {
namespace {

using nlohmann::json;

// The answer of POST /api/v1/sql as rows to write: the columns in its first line, then a row a
// line.
class AnswerSource final : public terminal::ResultSource {
 public:
  static Result<std::unique_ptr<AnswerSource>> open(Spool& answer, bool json_cells) {
    std::unique_ptr<AnswerSource> source(new AnswerSource(answer, json_cells));
    LEAT_ASSIGN(const bool more, source->lines_.next(source->line_));
    const json head = json::parse(source->line_ + "]}", nullptr, false);
    if (!more || head.is_discarded()) return not_json();
    for (const auto& column : head.at("columns")) {
      source->columns_.push_back({.name = column.at("name").get<std::string>(),
                                  .type = column.at("type").get<std::string>()});
    }
    return source;
  }

  const std::vector<terminal::ResultColumn>& columns() const override { return columns_; }

  Result<bool> next_row(terminal::Row& row) override {
    row.clear();
    LEAT_ASSIGN(const bool more, lines_.next(line_));
    if (!more) return not_json();  // it broke off
    if (line_.starts_with(']')) {
      const json tail = json::parse("{\"rows\":[" + line_, nullptr, false);
      if (tail.is_discarded()) return not_json();
      truncated_ = tail.value("truncated", false);
      return false;
    }
    const json cells =
        json::parse(line_.begin() + (line_.starts_with(',') ? 1 : 0), line_.end(), nullptr, false);
    if (!cells.is_array()) return not_json();
    for (const auto& cell : cells) {
      if (cell.is_null()) {
        row.emplace_back();
      } else {
        row.emplace_back(text_of(cell.get_ref<const std::string&>()));
      }
    }
    return true;
  }

  // Whether there were more rows. REQUIRES: all that came were read.
  bool truncated() const { return truncated_; }

 private:
  AnswerSource(Spool& answer, bool json_cells) : lines_(answer), json_cells_(json_cells) {}

  static Error not_json() { return internal_error("the answer to the query is not what it was"); }

  // Cells that are JSON strings are told by their text; other JSON stands for itself.
  std::string text_of(const std::string& cell) const {
    if (!json_cells_ || cell.empty() || cell.front() != '"') return cell;
    const auto parsed = json::parse(cell, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : cell;
  }

  SpoolLines lines_;
  bool json_cells_;
  std::vector<terminal::ResultColumn> columns_;
  std::string line_;
  bool truncated_ = false;
};

struct SqlFlags {
  Path data;
  std::string format = "table";
  std::string query;
  bool files = false;
  StoreFlags store;
};

int run_sql(const SqlFlags& flags) {
  const auto format = terminal::parse_format(flags.format);
  if (!format.ok()) return report(format.error());
  std::string query = flags.query;
  if (query == "-") query.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (query.find_first_of(" \n;(") == std::string::npos && query.ends_with(".sql")) {
    return report(user_error(
        "`{0}` is no SELECT statement; to run what a file says: leat sql - < {0}", query));
  }
  auto options = instance_options(flags.store);
  if (!options.ok()) return report(options.error());
  options->files = flags.files;
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse, {}, *options);
  if (!client.ok()) return report(client.error());
  const bool json_cells =
      *format == terminal::Format::kJson || *format == terminal::Format::kNdjson;
  Spool answer(flags.store.spill.empty() ? flags.data / "spill" : flags.store.spill);
  Result<void> kept;
  const auto sent = (*client)->post(json_cells ? "/api/v1/sql?cells=json" : "/api/v1/sql", query,
                                    [&](std::string_view piece) {
                                      kept = answer.append(piece);
                                      return kept.ok();
                                    });
  if (!sent.ok()) return report(sent.error());
  if (!kept.ok()) return report(kept.error());
  const auto source = AnswerSource::open(answer, json_cells);
  if (!source.ok()) return report(source.error());
  const auto written =
      terminal::write_result(std::cout, *format, **source, terminal::screen_of(STDOUT_FILENO));
  if (!std::cout) return kExitOk;  // the end of the program tells
  if (!written.ok()) return report(written.error());
  if ((*source)->truncated()) {
    std::cerr << fmt::format(
        "warning: only the first {} rows are shown; add a LIMIT or aggregate\n", *written);
  }
  return kExitOk;
}

}  // namespace

void add_sql_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<SqlFlags>();
  CLI::App* command = add_command(
      program, "sql", "Query the tables and topics of a data directory",
      "  leat sql \"SELECT * FROM spark_streams.created_users LIMIT 5\"\n"
      "  leat sql --format csv \"SELECT gender, count(*) AS n FROM raw_users GROUP BY ALL\"\n"
      "  leat sql \"SELECT _partition, _offset, _key FROM topic('users_created')\"\n"
      "  leat sql \"SHOW ALL TABLES\"\n"
      "  echo 'SELECT 42' | leat sql -");
  add_data_flag(*command, flags->data);
  command->add_option("--format", flags->format, "table, csv, json or ndjson (default table)")
      ->type_name("FORMAT");
  command->add_flag("--files", flags->files,
                    "The query may read files: read_csv('x.csv'), FROM 'x.parquet'. Only while no "
                    "other process holds the data directory");
  add_store_flags(*command, flags->store);
  command->add_option("QUERY", flags->query, "One SELECT statement; - reads standard input")
      ->required();
  command->callback([flags, &action] { action = [flags] { return run_sql(*flags); }; });
}

}  // namespace leat::app
