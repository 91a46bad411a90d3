#include "pipeline/ingest/task_cursor.h"

#include <nlohmann/json.hpp>

#include "base/damage.h"

namespace leat::pipeline {
namespace {

constexpr int kVersion = 2;

using nlohmann::json;

json counts_to_json(const TaskCounts& counts) {
  return {{"fetched", counts.fetched},
          {"produced", counts.produced},
          {"dead_lettered", counts.dead_lettered},
          {"discarded", counts.discarded}};
}

TaskCounts counts_from_json(const json& counts) {
  return {.fetched = counts.at("fetched").get<int64_t>(),
          .produced = counts.at("produced").get<int64_t>(),
          .dead_lettered = counts.at("dead_lettered").get<int64_t>(),
          .discarded = counts.at("discarded").get<int64_t>()};
}

// A name in a file that is read, and a reason, may be anything.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Value, class Read>
Result<Value> read_record(std::string_view text, Read read) {
  try {
    const auto value = json::parse(text);
    const int version = value.at("version").get<int>();
    if (version != kVersion) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                         "the cursor was written by {} Leat (version {}); use that one{}",
                         version > kVersion ? "a newer" : "an older", version,
                         version > kVersion ? "" : ", or begin in a new data directory");
    }
    return read(value);
  } catch (const json::exception& error) {
    return coded_error(ErrorDomain::kInternal, ErrorCode::kCorrupt, "unreadable cursor in {}: {}{}",
                       kCursorsTopic, error.what(), kRepairHint);
  }
}

}  // namespace

TaskCounts& TaskCounts::operator+=(const TaskCounts& other) {
  fetched += other.fetched;
  produced += other.produced;
  dead_lettered += other.dead_lettered;
  discarded += other.discarded;
  return *this;
}

TaskCounts& TaskCounts::operator-=(const TaskCounts& other) {
  fetched -= other.fetched;
  produced -= other.produced;
  dead_lettered -= other.dead_lettered;
  discarded -= other.discarded;
  return *this;
}

std::string TaskCursor::to_json() const {
  json value{{"version", kVersion}, {"run", run},   {"position", position},
             {"batches", batches},  {"done", done}, {"counts", counts_to_json(counts)}};
  if (!warnings.empty()) value["warnings"] = warnings;
  return text_of(value);
}

Result<TaskCursor> TaskCursor::from_json(std::string_view text) {
  return read_record<TaskCursor>(text, [](const json& value) {
    return TaskCursor{.run = value.at("run").get<std::string>(),
                      .position = value.at("position").get<std::string>(),
                      .batches = value.at("batches").get<int64_t>(),
                      .done = value.at("done").get<bool>(),
                      .counts = counts_from_json(value.at("counts")),
                      .warnings = value.value("warnings", std::vector<std::string>())};
  });
}

void TaskTally::correct(const std::string& run, bool has_cursor, const TaskCounts& by) {
  (has_cursor ? corrections[run] : settled) += by;
}

void TaskTally::count_discarded(const std::string& because, int64_t letters) {
  constexpr size_t kMostReasons = 100;
  const bool room = discarded.contains(because) || discarded.size() < kMostReasons;
  discarded[room ? because : "(other reasons)"] += letters;
}

void TaskTally::settle(const TaskCursor& cursor) {
  settled += cursor.counts;
  const auto correction = corrections.find(cursor.run);
  if (correction == corrections.end()) return;
  settled += correction->second;
  corrections.erase(correction);
}

std::string TaskTally::to_json() const {
  json by_run = json::object();
  for (const auto& [run, counts] : corrections) by_run[run] = counts_to_json(counts);
  return text_of({{"version", kVersion},
                  {"settled", counts_to_json(settled)},
                  {"corrections", std::move(by_run)},
                  {"discarded", discarded}});
}

Result<TaskTally> TaskTally::from_json(std::string_view text) {
  return read_record<TaskTally>(text, [](const json& value) {
    TaskTally tally{.settled = counts_from_json(value.at("settled"))};
    for (const auto& [run, counts] : value.at("corrections").items()) {
      tally.corrections[run] = counts_from_json(counts);
    }
    tally.discarded = value.at("discarded").get<std::map<std::string, int64_t>>();
    return tally;
  });
}

Result<void> check_cursor_record(std::string_view text) {
  const auto tally = TaskTally::from_json(text);
  if (tally.ok()) return {};
  auto cursor = TaskCursor::from_json(text);
  if (cursor.ok()) return {};
  return std::move(cursor).error();
}

std::string task_key(const std::string& pipeline, const std::string& task) {
  return pipeline + "." + task;
}

std::string run_cursor_key(const std::string& pipeline, const std::string& task,
                           const std::string& run) {
  return task_key(pipeline, task) + "/" + run;
}

std::string incremental_cursor_key(const std::string& pipeline, const std::string& task) {
  return task_key(pipeline, task) + "/incremental";
}

std::string writer_of_key(const std::string& key) { return "leat-task-" + key; }

}  // namespace leat::pipeline
