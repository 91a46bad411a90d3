#include "pipeline/ingest/task_cursors.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace leat::pipeline {

const TaskCursor* TaskProgress::of_run(const std::string& run) const {
  for (const auto& each : runs) {
    if (each.cursor.run == run) return &each.cursor;
  }
  return nullptr;
}

TaskCounts TaskProgress::correction_of(const std::string& run) const {
  if (!tally) return {};
  const auto found = tally->corrections.find(run);
  return found == tally->corrections.end() ? TaskCounts() : found->second;
}

TaskCounts TaskProgress::total() const {
  TaskCounts total;
  for (const auto& each : runs) total += each.cursor.counts;
  if (!tally) return total;
  total += tally->settled;
  for (const auto& [run, counts] : tally->corrections) total += counts;
  return total;
}

// Who reads beside another one reads the same: what is in the map already is passed over.
Result<void> TaskCursors::refresh() {
  const log::TopicPartition partition{kCursorsTopic, 0};
  LEAT_ASSIGN(const auto range, reader_.offsets(partition));
  int64_t from = range.start;
  {
    const std::lock_guard lock(mutex_);
    from = std::max(from, next_);
  }
  while (from < range.end) {
    LEAT_ASSIGN(const auto fetched, reader_.fetch(partition, from, {}));
    const std::lock_guard lock(mutex_);
    for (const auto& record : fetched.records) {
      if (!record.key || record.offset < next_) continue;
      if (record.value) {
        latest_[std::string(*record.key)] = {.value = std::string(*record.value),
                                             .offset = record.offset};
      } else {
        latest_.erase(std::string(*record.key));
      }
    }
    next_ = std::max(next_, fetched.next_offset);
    from = next_;
  }
  return {};
}

Result<TaskProgress> TaskCursors::of_task(const std::string& pipeline, const std::string& task) {
  LEAT_TRY(refresh());
  const std::string key = task_key(pipeline, task);
  const std::string prefix = key + "/";
  const std::string incremental = incremental_cursor_key(pipeline, task);
  std::optional<std::string> tally;
  std::vector<Latest> cursors;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = latest_.find(key); found != latest_.end()) tally = found->second.value;
    for (auto each = latest_.lower_bound(prefix);
         each != latest_.end() && each->first.starts_with(prefix); ++each) {
      if (each->first != incremental) cursors.push_back(each->second);
    }
  }
  TaskProgress progress;
  if (tally) {
    LEAT_ASSIGN(progress.tally, TaskTally::from_json(*tally));
  }
  std::ranges::sort(cursors, {}, &Latest::offset);
  for (const auto& each : cursors) {
    LEAT_ASSIGN(auto cursor, TaskCursor::from_json(each.value));
    progress.runs.push_back({.cursor = std::move(cursor), .offset = each.offset});
  }
  return progress;
}

Result<std::optional<TaskCursor>> TaskCursors::at(const std::string& key) {
  LEAT_TRY(refresh());
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    const auto found = latest_.find(key);
    if (found == latest_.end()) return std::optional<TaskCursor>();
    text = found->second.value;
  }
  LEAT_ASSIGN(auto cursor, TaskCursor::from_json(text));
  return std::optional<TaskCursor>(std::move(cursor));
}

Result<std::optional<TaskCursor>> TaskCursors::of_run(const std::string& pipeline,
                                                      const std::string& task,
                                                      const std::string& run) {
  return at(run_cursor_key(pipeline, task, run));
}

Result<std::optional<TaskCursor>> TaskCursors::incremental(const std::string& pipeline,
                                                           const std::string& task) {
  return at(incremental_cursor_key(pipeline, task));
}

Result<std::map<std::string, std::string>> TaskCursors::tallies() {
  LEAT_TRY(refresh());
  std::map<std::string, std::string> texts;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, latest] : latest_) {
    if (key.find('/') == std::string::npos) texts[key] = latest.value;
  }
  return texts;
}

Result<void> remove_old_cursors(log::TopicStore& topics, TaskCursors& cursors,
                                const std::string& pipeline, const std::string& task,
                                const std::set<std::string>& open_runs, int64_t now_ms,
                                size_t kept) {
  const auto ended_in = [&](TaskProgress& progress) {
    std::erase_if(progress.runs,
                  [&](const auto& each) { return open_runs.contains(each.cursor.run); });
    return progress.runs.size();
  };
  LEAT_ASSIGN(auto before, cursors.of_task(pipeline, task));
  if (ended_in(before) <= 2 * kept) return {};

  const std::string key = task_key(pipeline, task);
  LEAT_ASSIGN(const auto writer, topics.open_writer(writer_of_key(key)));
  // Whoever wrote the tally before is fenced: what it is now it stays.
  LEAT_ASSIGN(auto progress, cursors.of_task(pipeline, task));
  const size_t ended = ended_in(progress);
  if (ended <= kept) return {};
  progress.runs.resize(ended - kept);
  TaskTally tally = std::move(progress.tally).value_or(TaskTally());
  std::deque<std::string> keys;
  std::vector<log::NewRecord> records;
  for (const auto& each : progress.runs) {
    keys.push_back(run_cursor_key(pipeline, task, each.cursor.run));
    LEAT_TRY(topics.forget_writer(writer_of_key(keys.back())));
    tally.settle(each.cursor);
    records.push_back({.key = keys.back(), .value = std::nullopt, .timestamp_ms = now_ms});
  }
  const std::string text = tally.to_json();
  records.push_back({.key = key, .value = text, .timestamp_ms = now_ms});
  LEAT_TRY(writer->begin());
  LEAT_TRY(writer->append({kCursorsTopic, 0}, records));
  return writer->commit();
}

}  // namespace leat::pipeline
