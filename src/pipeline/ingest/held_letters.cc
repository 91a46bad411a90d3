#include "pipeline/ingest/held_letters.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "codec/json_select.h"
#include "codec/record_key.h"
#include "log/largest_record.h"
#include "pipeline/ingest/task_batch.h"

namespace leat::pipeline {
namespace {

// A letter's record on its way into the topic.
struct Record {
  std::string value;  // with the padding that reading it needs
  std::string made_key = {};
  std::optional<std::string_view> key = {};
  std::string_view json = {};
};

// Why it is no record of the topic still.
std::optional<std::string> problem_of(Record& record, const codec::RecordKey& paths,
                                      const log::TopicConfig& topic) {
  if (record.json.size() > log::largest_record(topic)) return log::too_large_message(topic);
  if (paths.empty()) {
    const auto valid = codec::checked_value(record.json);
    if (!valid.ok()) return valid.error().message();
    return std::nullopt;
  }
  const auto text = paths.of(record.json, record.made_key);
  if (!text.ok()) return text.error().message();
  record.key = *text;
  if (text->size() + record.json.size() > log::largest_record(topic))
    return log::too_large_message(topic);
  return std::nullopt;
}

// "line 7: ", where the error began so: the record does not know its line.
std::string line_in(const std::string& error) {
  constexpr std::string_view kLine = "line ";
  const size_t end = error.find_first_not_of("0123456789", kLine.size());
  if (!error.starts_with(kLine) || end == std::string::npos || end == kLine.size()) return {};
  return error.compare(end, 2, ": ") == 0 ? error.substr(0, end + 2) : std::string();
}

}  // namespace

Result<std::unique_ptr<HeldLetters>> HeldLetters::open(const std::string& pipeline,
                                                       const LetterFilter& filter,
                                                       log::TopicStore& topics, Clock& clock) {
  std::unique_ptr<HeldLetters> held(
      new HeldLetters(task_key(pipeline, filter.owner), topics, clock));
  LEAT_ASSIGN(held->writer_, topics.open_writer(writer_of_key(held->name_)));
  LEAT_ASSIGN(held->left_, task_letter_offsets(topics.reader(), held->name_ + "/"));
  // Behind the letters: what wrote one has written its cursor with it.
  TaskCursors cursors(topics.reader());
  LEAT_ASSIGN(held->progress_, cursors.of_task(pipeline, filter.owner));
  if (held->progress_.tally) held->tally_ = *held->progress_.tally;
  const bool is_known = held->progress_.tally || !held->progress_.runs.empty();
  if (!is_known && !held->left_.empty()) {
    return internal_error("the task {} has dead letters but no cursor", held->name_);
  }
  if (!filter.names.empty()) {
    std::erase_if(held->left_, [&](const auto& letter) {
      return std::ranges::find(filter.names, letter.first) == filter.names.end();
    });
  }
  if (filter.error.empty() && filter.stage.empty()) return held;
  for (auto letter = held->left_.begin(); letter != held->left_.end();) {
    LEAT_ASSIGN(const auto read, held->letters_.read(letter->first, letter->second));
    letter = read && matches(*read, filter) ? std::next(letter) : held->left_.erase(letter);
  }
  return held;
}

Result<std::vector<TaskLetter>> HeldLetters::take(const LetterLimits& limits) {
  std::vector<TaskLetter> taken;
  size_t bytes = 0;
  for (const auto& [key, offset] : left_) {
    LEAT_ASSIGN(auto letter, letters_.read(key, offset));
    if (!letter) continue;
    bytes += letter->bytes.size();
    if (!taken.empty() && (taken.size() == limits.letters || bytes > limits.bytes)) break;
    taken.push_back(*std::move(letter));
  }
  return taken;
}

// What becomes of letters: their new texts, or none when they go.
struct HeldLetters::Changes {
  void add(const std::string& key, std::optional<std::string> value) {
    log::NewRecord record{.key = texts.emplace_back(key), .timestamp_ms = now_ms};
    if (value) record.value = texts.emplace_back(*std::move(value));
    records.push_back(record);
  }

  int64_t now_ms = 0;
  std::vector<log::NewRecord> records = {};
  std::deque<std::string> texts = {};
};

Result<void> HeldLetters::commit(const Changes& changes, TaskTally next) {
  LEAT_TRY(writer_->append({kTaskLettersTopic, 0}, changes.records));
  const std::string text = next.to_json();
  const log::NewRecord record{.key = name_, .value = text, .timestamp_ms = changes.now_ms};
  LEAT_TRY(writer_->append({kCursorsTopic, 0}, {&record, 1}));
  LEAT_TRY(writer_->commit());
  for (const auto& changed : changes.records) left_.erase(std::string(*changed.key));
  tally_ = std::move(next);
  return {};
}

Result<std::optional<RedriveOutcome>> HeldLetters::redrive_next(const config::Task& task,
                                                                const LetterLimits& limits) {
  LEAT_ASSIGN(auto letters, take(limits));
  if (letters.empty()) return std::optional<RedriveOutcome>();
  LEAT_ASSIGN(const auto key_paths, codec::RecordKey::parse(task.key));
  LEAT_ASSIGN(const auto topic, topics_.describe(task.topic));
  Changes changes{.now_ms = clock_.now_ms()};
  RedriveOutcome outcome;
  TaskTally next = tally_;
  std::deque<Record> made;
  std::vector<std::vector<log::NewRecord>> records(static_cast<size_t>(topic.partitions));
  LEAT_TRY(writer_->begin());
  for (auto& letter : letters) {
    auto& record = made.emplace_back(Record{.value = letter.bytes});
    record.value.append(log::FetchedRecords::kReadablePadding, '\0');
    record.json = std::string_view(record.value).substr(0, letter.bytes.size());
    if (const auto problem = problem_of(record, key_paths, topic)) {
      letter.error = line_in(letter.error) + *problem;
      letter.at = clock_.now();
      changes.add(letter.key(), letter_value(letter));
      ++outcome.failed_again;
      continue;
    }
    const auto partition =
        static_cast<size_t>(record.key ? log::partition_for_key(*record.key, topic.partitions)
                                       : letter.batch % topic.partitions);
    records[partition].push_back(
        {.key = record.key, .value = record.json, .timestamp_ms = changes.now_ms});
    changes.add(letter.key(), std::nullopt);
    const TaskCounts moved{.fetched = 0, .produced = 1, .dead_lettered = -1};
    next.correct(letter.run, has_cursor(letter.run), moved);
    ++outcome.redriven;
  }
  for (size_t partition = 0; partition < records.size(); ++partition) {
    LEAT_TRY(writer_->append({task.topic, static_cast<int32_t>(partition)}, records[partition]));
  }
  LEAT_TRY(commit(changes, std::move(next)));
  return std::optional<RedriveOutcome>(outcome);
}

Result<int64_t> HeldLetters::discard(const std::string& because) {
  int64_t discarded = 0;
  while (true) {
    LEAT_ASSIGN(const int64_t more, discard_next(because));
    if (more == 0) return discarded;
    discarded += more;
  }
}

Result<int64_t> HeldLetters::discard_next(const std::string& because) {
  LEAT_ASSIGN(const auto letters, take({}));
  if (letters.empty()) return int64_t{0};
  TaskTally next = tally_;
  next.count_discarded(because, static_cast<int64_t>(letters.size()));
  Changes changes{.now_ms = clock_.now_ms()};
  LEAT_TRY(writer_->begin());
  for (const auto& letter : letters) {
    next.correct(letter.run, has_cursor(letter.run), {.discarded = 1});
    changes.add(letter.key(), std::nullopt);
  }
  LEAT_TRY(commit(changes, std::move(next)));
  return static_cast<int64_t>(letters.size());
}

}  // namespace leat::pipeline
