#include "pipeline/letters/task_redrive.h"

#include "codec/json_select.h"
#include "pipeline/ingest/record_key.h"
#include "pipeline/ingest/task_cursor.h"

namespace leat::pipeline {
namespace {

Result<void> append_one(log::TopicWriter& writer, const log::TopicPartition& partition,
                        std::optional<std::string_view> key, std::optional<std::string_view> value,
                        int64_t timestamp_ms) {
  const log::NewRecord record{.key = key, .value = value, .timestamp_ms = timestamp_ms};
  return writer.append(partition, {&record, 1});
}

}  // namespace

Result<RedriveOutcome> redrive_task_letters(const config::Task& task, const std::string& pipeline,
                                            const std::vector<TaskLetter>& letters,
                                            log::TopicStore& topics, Clock& clock) {
  const std::string name = task_cursor_key(pipeline, task.name);
  LEAT_ASSIGN(const auto key_paths, RecordKey::parse(task.key));
  LEAT_ASSIGN(const int32_t partitions, topics.reader().partition_count(task.topic));
  LEAT_ASSIGN(auto writer, topics.open_writer("leat-task-" + name));
  LEAT_ASSIGN(auto found, read_task_cursor(topics.reader(), pipeline, task.name));
  if (!found) return internal_error("the task {} has dead letters but no cursor", name);
  TaskCursor cursor = std::move(*found);

  RedriveOutcome outcome;
  for (TaskLetter letter : letters) {
    const int64_t now_ms = clock.now_ms();
    std::string value = letter.bytes;
    value.append(log::FetchedRecords::kReadablePadding, '\0');
    const auto json = std::string_view(value).substr(0, letter.bytes.size());

    std::string made;
    std::optional<std::string_view> key;
    std::optional<std::string> problem;
    if (key_paths.empty()) {
      const auto valid = codec::checked_value(json);
      if (!valid.ok()) problem = valid.error().message();
    } else {
      const auto text = key_paths.of(json, made);
      if (text.ok()) {
        key = *text;
      } else {
        problem = text.error().message();
      }
    }

    LEAT_TRY(writer->begin());
    if (problem) {
      letter.error = *problem;
      letter.at = clock.now();
      LEAT_TRY(append_one(*writer, {kTaskLettersTopic, 0}, letter.key(), letter.to_json(), now_ms));
      LEAT_TRY(writer->commit());
      ++outcome.failed_again;
      continue;
    }
    const int32_t partition = key ? log::partition_for_key(*key, partitions)
                                  : static_cast<int32_t>(letter.batch % partitions);
    const TaskCounts moved{.fetched = 0, .produced = 1, .dead_lettered = -1};
    TaskCursor next = cursor;
    next.total += moved;
    if (next.run == letter.run) next.run_counts += moved;
    LEAT_TRY(append_one(*writer, {task.topic, partition}, key, json, now_ms));
    LEAT_TRY(append_one(*writer, {kTaskLettersTopic, 0}, letter.key(), std::nullopt, now_ms));
    LEAT_TRY(append_one(*writer, {kCursorsTopic, 0}, name, next.to_json(), now_ms));
    LEAT_TRY(writer->commit());
    cursor = std::move(next);
    ++outcome.redriven;
  }
  return outcome;
}

}  // namespace leat::pipeline
