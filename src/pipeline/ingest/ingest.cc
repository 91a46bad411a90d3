#include "pipeline/ingest/ingest.h"

#include <algorithm>

#include "base/logging.h"
#include "pipeline/ingest/read_ahead.h"

namespace leat::pipeline {

Result<std::unique_ptr<Ingest>> Ingest::create(const config::Task& task, IngestContext context) {
  LEAT_ASSIGN(auto key, codec::RecordKey::parse(task.key));
  LEAT_TRY(context.topics.describe(task.topic));
  return std::unique_ptr<Ingest>(new Ingest(task, std::move(context), std::move(key)));
}

Result<TaskCursor> Ingest::attempt(const config::RunContext& run, std::stop_token stop,
                                   const OnProgress& on_progress) {
  std::unique_lock one_run(one_run_, std::defer_lock);
  if (context_.incremental && !one_run.try_lock()) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kInUse,
                       "the task {} begins where its last run ended, and that run is under way",
                       task_.name);
  }
  LetterNews news("task " + task_.name, context_.clock);
  auto cursor = read_all(run, std::move(stop), on_progress, news);
  news.tell(true);
  return cursor;
}

Result<TaskCursor> Ingest::begin_at(const std::string& run) {
  LEAT_ASSIGN(auto found, context_.cursors.of_run(context_.pipeline, task_.name, run));
  if (found) return *std::move(found);
  TaskCursor cursor{.run = run, .position = {}, .counts = {}};
  if (!context_.incremental) return cursor;
  LEAT_ASSIGN(auto last, context_.cursors.incremental(context_.pipeline, task_.name));
  if (last) cursor.position = std::move(last->position);
  return cursor;
}

Result<TaskCursor> Ingest::read_all(const config::RunContext& run, std::stop_token stop,
                                    const OnProgress& on_progress, LetterNews& news) {
  const std::string key = context_.incremental
                              ? incremental_cursor_key(context_.pipeline, task_.name)
                              : run_cursor_key(context_.pipeline, task_.name, run.run_id);
  // Opening the writer fences an older self; only then is the last committed cursor the truth.
  LEAT_ASSIGN(auto writer, context_.topics.open_writer(writer_of_key(key)));
  LEAT_ASSIGN(TaskCursor cursor, begin_at(run.run_id));
  on_progress(cursor);
  if (cursor.done) return cursor;

  LEAT_ASSIGN(auto source, context_.make_source(task_, run));
  const auto wait_for_room = [this](std::stop_token waiting) {
    return context_.wait_for_room ? context_.wait_for_room(std::move(waiting)) : Result<void>();
  };
  const auto fetch = [&, number = cursor.batches](
                         const std::string& position,
                         std::stop_token fetching) mutable -> Result<TaskBatch> {
    LEAT_TRY(wait_for_room(fetching));
    LEAT_ASSIGN(auto batch, source->next(position, fetching));
    // As it is now: partitions may have been added.
    LEAT_ASSIGN(const auto topic, context_.topics.describe(task_.topic));
    return make_task_batch(std::move(batch), {context_.pipeline, task_.name, run.run_id, number++},
                           key_, topic, context_.clock.now());
  };
  ReadAhead batches(fetch, cursor.position, stop);
  for (bool is_ahead = false; !cursor.done; is_ahead = true) {
    if (stop.stop_requested()) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    }
    LEAT_ASSIGN(auto batch, batches.next());
    // The batch before it may have taken the room that there was.
    if (is_ahead) LEAT_TRY(wait_for_room(stop));
    LEAT_TRY(commit_batch(*writer, batch, cursor, news));
    on_progress(cursor);
  }
  return cursor;
}

Result<void> Ingest::commit_batch(log::TopicWriter& writer, TaskBatch& batch, TaskCursor& cursor,
                                  LetterNews& news) {
  TaskCursor next = cursor;
  next.position = batch.next_cursor;
  next.batches += 1;
  next.done = batch.last;
  next.counts += batch.counts;
  for (const std::string& warning : batch.warnings) {
    if (std::ranges::find(next.warnings, warning) != next.warnings.end()) continue;
    if (next.warnings.size() < kMostWarnings) next.warnings.push_back(warning);
  }

  const int64_t now_ms = context_.clock.now_ms();
  LEAT_TRY(writer.begin());
  for (size_t partition = 0; partition < batch.records.size(); ++partition) {
    const auto& part = batch.records[partition];
    if (part.empty()) continue;
    LEAT_TRY(writer.append({task_.topic, static_cast<int32_t>(partition)}, part));
  }
  for (auto& letter : batch.letters) {
    const std::string key = letter.key();
    const std::string value = letter_value(letter);
    const log::NewRecord record{.key = key, .value = value, .timestamp_ms = now_ms};
    LEAT_TRY(writer.append({kTaskLettersTopic, 0}, {&record, 1}));
  }
  const std::string value = next.to_json();
  const std::string run_key = run_cursor_key(context_.pipeline, task_.name, next.run);
  const std::string last_key = incremental_cursor_key(context_.pipeline, task_.name);
  std::vector<log::NewRecord> records{{.key = run_key, .value = value, .timestamp_ms = now_ms}};
  if (context_.incremental) {
    records.push_back({.key = last_key, .value = value, .timestamp_ms = now_ms});
  }
  LEAT_TRY(writer.append({kCursorsTopic, 0}, records));
  LEAT_TRY(writer.commit());
  for (size_t i = cursor.warnings.size(); i < next.warnings.size(); ++i) {
    log_warn("task {}: {}", task_.name, next.warnings[i]);
  }
  cursor = std::move(next);
  for (const auto& letter : batch.letters) news.add(letter.origin, letter.error);
  news.tell();
  return {};
}

}  // namespace leat::pipeline
