#include "pipeline/ingest/task_cursor.h"

#include <nlohmann/json.hpp>

#include "base/damage.h"
#include "log/latest_by_key.h"

namespace leat::pipeline {
namespace {

constexpr int kVersion = 1;

nlohmann::json counts_to_json(const TaskCounts& counts) {
  return {{"fetched", counts.fetched},
          {"produced", counts.produced},
          {"dead_lettered", counts.dead_lettered},
          {"discarded", counts.discarded}};
}

TaskCounts counts_from_json(const nlohmann::json& json) {
  return {.fetched = json.at("fetched").get<int64_t>(),
          .produced = json.at("produced").get<int64_t>(),
          .dead_lettered = json.at("dead_lettered").get<int64_t>(),
          .discarded = json.value("discarded", int64_t{0})};
}

}  // namespace

TaskCounts& TaskCounts::operator+=(const TaskCounts& other) {
  fetched += other.fetched;
  produced += other.produced;
  dead_lettered += other.dead_lettered;
  discarded += other.discarded;
  return *this;
}

void TaskCursor::count_discarded(const std::string& because, int64_t letters) {
  constexpr size_t kMostReasons = 100;  // the cursor is written with each batch
  const bool room = discarded.contains(because) || discarded.size() < kMostReasons;
  discarded[room ? because : "(other reasons)"] += letters;
  total.discarded += letters;
}

std::string TaskCursor::to_json() const {
  nlohmann::json json{{"version", kVersion},
                      {"run", run},
                      {"position", position},
                      {"batches", batches},
                      {"done", done},
                      {"run_counts", counts_to_json(run_counts)},
                      {"total", counts_to_json(total)},
                      {"discarded", discarded}};
  if (!warnings.empty()) json["warnings"] = warnings;
  // A name in a file that is read may be anything.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<TaskCursor> TaskCursor::from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("version").get<int>() > kVersion) {
      return user_error("the cursor was written by a newer Leat (version {}); use that one",
                        json.at("version").get<int>());
    }
    return TaskCursor{.run = json.at("run").get<std::string>(),
                      .position = json.at("position").get<std::string>(),
                      .batches = json.at("batches").get<int64_t>(),
                      .done = json.at("done").get<bool>(),
                      .run_counts = counts_from_json(json.at("run_counts")),
                      .total = counts_from_json(json.at("total")),
                      .discarded = json.value("discarded", std::map<std::string, int64_t>()),
                      .warnings = json.value("warnings", std::vector<std::string>())};
  } catch (const nlohmann::json::exception& error) {
    return coded_error(ErrorDomain::kInternal, ErrorCode::kCorrupt, "unreadable cursor in {}: {}{}",
                       kCursorsTopic, error.what(), kRepairHint);
  }
}

std::string task_cursor_key(const std::string& pipeline, const std::string& task) {
  return pipeline + "." + task;
}

Result<std::optional<TaskCursor>> read_task_cursor(log::TopicReader& reader,
                                                   const std::string& pipeline,
                                                   const std::string& task) {
  const std::string key = task_cursor_key(pipeline, task);
  LEAT_ASSIGN(const auto cursors, log::read_latest(reader, kCursorsTopic, key));
  const auto found = cursors.find(key);
  if (found == cursors.end()) return std::optional<TaskCursor>();
  LEAT_ASSIGN(auto cursor, TaskCursor::from_json(found->second));
  return std::optional<TaskCursor>(std::move(cursor));
}

}  // namespace leat::pipeline
