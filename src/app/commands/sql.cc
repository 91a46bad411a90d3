// leat sql.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/api/client.h"
#include "app/commands/command.h"
#include "app/terminal/result_writer.h"

namespace leat::app {
namespace {

// The answer of POST /api/v1/sql as rows to write.
class AnswerSource final : public terminal::ResultSource {
 public:
  AnswerSource(nlohmann::json answer, bool json_cells)
      : answer_(std::move(answer)), json_cells_(json_cells) {
    for (const auto& column : answer_.at("columns")) {
      columns_.push_back({.name = column.at("name").get<std::string>(),
                          .type = column.at("type").get<std::string>()});
    }
  }

  const std::vector<terminal::ResultColumn>& columns() const override { return columns_; }

  Result<bool> next_row(terminal::Row& row) override {
    const auto& rows = answer_.at("rows");
    if (next_ == rows.size()) return false;
    row.clear();
    for (const auto& cell : rows[next_]) {
      if (cell.is_null()) {
        row.emplace_back();
      } else {
        row.emplace_back(text_of(cell.get_ref<const std::string&>()));
      }
    }
    ++next_;
    return true;
  }

 private:
  // Cells that are JSON strings are told by their text; other JSON stands for itself.
  std::string text_of(const std::string& cell) const {
    if (!json_cells_ || cell.empty() || cell.front() != '"') return cell;
    const auto parsed = nlohmann::json::parse(cell, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : cell;
  }

  nlohmann::json answer_;
  bool json_cells_;
  std::vector<terminal::ResultColumn> columns_;
  size_t next_ = 0;
};

struct SqlFlags {
  Path data;
  std::string format = "table";
  std::string query;
};

int run_sql(const SqlFlags& flags) {
  const auto format = terminal::parse_format(flags.format);
  if (!format.ok()) return report(format.error());
  std::string query = flags.query;
  if (query == "-") query.assign(std::istreambuf_iterator<char>(std::cin), {});
  auto client = ApiClient::open(flags.data, ApiClient::Missing::kRefuse);
  if (!client.ok()) return report(client.error());
  const bool json_cells =
      *format == terminal::Format::kJson || *format == terminal::Format::kNdjson;
  auto answer = (*client)->post(json_cells ? "/api/v1/sql?cells=json" : "/api/v1/sql", query);
  if (!answer.ok()) return report(answer.error());
  auto parsed = nlohmann::json::parse(*answer, nullptr, false);
  if (parsed.is_discarded()) return report(internal_error("the answer to the query is not JSON"));
  const bool truncated = parsed.value("truncated", false);
  const size_t rows = parsed.at("rows").size();
  AnswerSource source(std::move(parsed), json_cells);
  const auto written =
      terminal::write_result(std::cout, *format, source, terminal::screen_of(STDOUT_FILENO));
  if (!std::cout) return kExitOk;  // the end of the program tells
  if (!written.ok()) return report(written.error());
  if (truncated) {
    std::cerr << fmt::format(
        "warning: only the first {} rows are shown; add a LIMIT or aggregate\n", rows);
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
  command->add_option("QUERY", flags->query, "One SELECT statement; - reads standard input")
      ->required();
  command->callback([flags, &action] { action = [flags] { return run_sql(*flags); }; });
}

}  // namespace leat::app
