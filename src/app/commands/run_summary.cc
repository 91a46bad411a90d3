#include "app/commands/run_summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/commands/command.h"
#include "app/commands/problems.h"
#include "app/terminal/numbers.h"
#include "app/terminal/summary.h"
#include "node/pipeline_file/file_check.h"

namespace leat::app {
namespace {

using terminal::Colour;

std::string count(int64_t number) {
  if (number < 0) return fmt::format("-{}", terminal::human_count(static_cast<uint64_t>(-number)));
  return terminal::human_count(static_cast<uint64_t>(number));
}

// "5", or "5 (2 discarded)".
std::string dead_letters(int64_t dead_lettered, int64_t discarded) {
  if (discarded == 0) return count(dead_lettered);
  return fmt::format("{} ({} discarded)", count(dead_lettered), count(discarded));
}

// "5 (2 replaced)": a table with a key has grown by 3 rows.
std::string written(const pipeline::SinkCounts& counts) {
  if (counts.replaced == 0) return count(counts.delivered);
  return fmt::format("{} ({} replaced)", count(counts.delivered), count(counts.replaced));
}

std::string tasks_text(const node::RunOutcome& outcome, const terminal::Screen& screen) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, counts] : outcome.totals.tasks) {
    const auto report = outcome.tasks.tasks.find(name);
    rows.push_back(
        {name, count(counts.fetched), count(counts.produced),
         dead_letters(counts.dead_lettered, counts.discarded),
         report == outcome.tasks.tasks.end() ? "" : schedule::to_string(report->second.state)});
  }
  if (rows.empty()) return "";
  return terminal::summary_table({"task", "fetched", "produced", "dead-lettered", "state"}, rows,
                                 screen);
}

std::string streams_text(const node::RunOutcome& outcome, const terminal::Screen& screen) {
  std::vector<std::vector<std::string>> streams;
  std::vector<std::vector<std::string>> sinks;
  for (const auto& [name, stream] : outcome.totals.streams) {
    streams.push_back({name, count(stream.counts.read), count(stream.counts.used),
                       count(stream.counts.filtered),
                       dead_letters(stream.counts.dead_lettered, stream.counts.discarded)});
    for (const auto& [sink, counts] : stream.sinks) {
      sinks.push_back({sink, written(counts), dead_letters(counts.dead_lettered, counts.discarded),
                       count(counts.pending())});
    }
  }
  if (streams.empty()) return "";
  return terminal::summary_table({"stream", "read", "used", "filtered", "dead-lettered"}, streams,
                                 screen) +
         terminal::summary_table({"target", "written", "dead-lettered", "pending"}, sinks, screen);
}

std::string verdict(const node::RunOutcome& outcome, const terminal::Screen& screen) {
  const auto& totals = outcome.totals;
  std::string sums =
      fmt::format("fetched {}, produced {}, read {}, written {}, filtered {}, dead-lettered {}",
                  count(totals.fetched()), count(totals.produced()), count(totals.read()),
                  count(totals.written()), count(totals.filtered()),
                  dead_letters(totals.dead_lettered(), totals.discarded()));
  if (totals.skipped() > 0) sums += fmt::format(", skipped {}", count(totals.skipped()));
  if (!outcome.finished()) {
    return terminal::painted("unfinished", Colour::kRed, screen) + ": " + sums +
           "; run it again with --once to go on";
  }
  if (!outcome.discrepancies.empty()) {
    std::string text = terminal::painted("does not reconcile", Colour::kRed, screen) + ": " + sums;
    for (const auto& line : outcome.discrepancies) text += "\n  " + line;
    return text;
  }
  if (totals.dead_lettered() > totals.discarded()) {
    return terminal::painted("reconciled, with dead letters", Colour::kYellow, screen) + ": " +
           sums + "; see `leat dlq list`";
  }
  if (totals.skipped() > 0) {
    return terminal::painted("reconciled, without damaged records", Colour::kYellow, screen) +
           ": " + sums + "; see `leat repair`";
  }
  return terminal::painted("reconciled", Colour::kGreen, screen) + ": " + sums;
}

}  // namespace

std::string summary_text(const PipelineOutcome& done, const terminal::Screen& screen) {
  std::string text = terminal::painted(done.pipeline, Colour::kBold, screen);
  if (done.outcome.resumed) text += " (resumed)";
  text += '\n' + tasks_text(done.outcome, screen) + streams_text(done.outcome, screen);
  for (const auto& warning : done.outcome.warnings) text += "  warning: " + warning + '\n';
  return text + verdict(done.outcome, screen) + '\n';
}

std::string summary_json(const std::vector<PipelineOutcome>& done) {
  nlohmann::json pipelines = nlohmann::json::array();
  for (const auto& each : done) {
    const auto& totals = each.outcome.totals;
    nlohmann::json pipeline{{"pipeline", each.pipeline},
                            {"run", each.outcome.run},
                            {"resumed", each.outcome.resumed},
                            {"finished", each.outcome.finished()},
                            {"reconciled", each.outcome.discrepancies.empty()},
                            {"fetched", totals.fetched()},
                            {"produced", totals.produced()},
                            {"read", totals.read()},
                            {"written", totals.written()},
                            {"filtered", totals.filtered()},
                            {"dead_lettered", totals.dead_lettered()},
                            {"discarded", totals.discarded()},
                            {"skipped", totals.skipped()},
                            {"pending", totals.pending()},
                            {"warnings", each.outcome.warnings}};
    const auto details = nlohmann::json::parse(totals.to_json());
    pipeline["tasks"] = details["tasks"];
    pipeline["streams"] = details["streams"];
    pipelines.push_back(std::move(pipeline));
  }
  return nlohmann::json{{"pipelines", pipelines}}.dump();
}

void report_failures(const node::PipelineProcess& process, const node::RunOutcome& outcome) {
  for (const auto& [name, task] : outcome.tasks.tasks) {
    if (task.state != schedule::TaskState::kFailed || !task.error) continue;
    report(Error(*task.error)
               .during(fmt::format("running the task {} (attempt {})", name, task.attempts)));
  }
  for (const auto& error : outcome.stream_errors) report_stream_error(process, error);
}

int report_stream_error(const node::PipelineProcess& process, const Error& error) {
  for (const auto& stream : process.plan().streams) {
    const std::string during = "running the stream " + stream.name;
    const auto& context = error.context();
    if (error.domain() != ErrorDomain::kUser || !error.position() || !stream.sql_node ||
        std::find(context.begin(), context.end(), during) == context.end()) {
      continue;
    }
    print_problems({node::sql_problem(process.plan(), stream, error)});
    return kExitUser;
  }
  return report(error);
}

int exit_code_of(const node::RunOutcome& outcome) {
  int code = kExitOk;
  for (const auto& error : outcome.stream_errors) {
    code = worse_exit_code(code, exit_code_of(error));
  }
  for (const auto& [name, task] : outcome.tasks.tasks) {
    if (task.state == schedule::TaskState::kFailed && task.error) {
      code = worse_exit_code(code, exit_code_of(*task.error));
    }
  }
  if (code != kExitOk) return code;
  if (!outcome.finished() || !outcome.discrepancies.empty()) return kExitFailed;
  const auto& totals = outcome.totals;
  const int64_t wait = totals.dead_lettered() - totals.discarded();
  return wait + totals.skipped() > 0 ? kExitDeadLetters : kExitOk;
}

}  // namespace leat::app
