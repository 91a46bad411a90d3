#include "pipeline/ingest/ingest.h"

#include "pipeline/letters/task_letters.h"

namespace leat::pipeline {
namespace {

// What a record batch of the log takes beside a record's key and value: its head, and lengths.
constexpr size_t kBatchOverhead = 1024;
// Of bytes that no dead letter can hold as a whole.
constexpr size_t kKeptBytes = 64 << 10;

size_t largest_record(const log::TopicConfig& topic) {
  return static_cast<size_t>(topic.max_message_bytes) - kBatchOverhead;
}

void shorten(TaskLetter& letter) {
  letter.error +=
      fmt::format("; only the first {} of its {} bytes are kept", kKeptBytes, letter.bytes.size());
  letter.bytes.resize(kKeptBytes);
}

// The letter as a record's value, shortened where the topic of the letters does not take it. In
// JSON its bytes take up to six times as many.
std::string letter_value(TaskLetter& letter) {
  const size_t largest = largest_record({}) - letter.key().size();
  if (letter.bytes.size() > largest) shorten(letter);
  std::string value = letter.to_json();
  if (value.size() <= largest) return value;
  shorten(letter);
  return letter.to_json();
}

// The records of one batch, by the partition that they go to. Owns the keys.
class PartitionedBatch {
 public:
  PartitionedBatch(int32_t partitions, size_t records) : records_(static_cast<size_t>(partitions)) {
    keys_.reserve(records);  // views into the keys must not move
  }

  void add(std::string key, std::string_view value, int64_t timestamp_ms) {
    keys_.push_back(std::move(key));
    const auto partition =
        log::partition_for_key(keys_.back(), static_cast<int32_t>(records_.size()));
    records_[static_cast<size_t>(partition)].push_back(
        {.key = keys_.back(), .value = value, .timestamp_ms = timestamp_ms});
  }
  void add_without_key(size_t partition, std::string_view value, int64_t timestamp_ms) {
    records_[partition].push_back({.value = value, .timestamp_ms = timestamp_ms});
  }

  const std::vector<std::vector<log::NewRecord>>& by_partition() const { return records_; }

 private:
  std::vector<std::string> keys_;
  std::vector<std::vector<log::NewRecord>> records_;
};

}  // namespace

Result<std::unique_ptr<Ingest>> Ingest::create(const config::Task& task, IngestContext context) {
  LEAT_ASSIGN(auto key, RecordKey::parse(task.key));
  LEAT_ASSIGN(const auto topic, context.topics.describe(task.topic));
  return std::unique_ptr<Ingest>(new Ingest(task, std::move(context), std::move(key), topic));
}

Result<TaskCursor> Ingest::attempt(const std::string& run, std::stop_token stop,
                                   const std::function<void(const TaskCursor&)>& on_progress) {
  // Opening the writer fences an older self; only then is the last committed cursor the truth.
  LEAT_ASSIGN(auto writer, context_.topics.open_writer(
                               "leat-task-" + task_cursor_key(context_.pipeline, task_.name)));
  LEAT_ASSIGN(auto found,
              read_task_cursor(context_.topics.reader(), context_.pipeline, task_.name));
  TaskCursor cursor = found.value_or(TaskCursor{});
  if (cursor.run != run) cursor = TaskCursor{.run = run, .total = cursor.total};
  on_progress(cursor);
  if (cursor.done) return cursor;

  LEAT_ASSIGN(auto source, context_.make_source(task_));
  while (!cursor.done) {
    if (stop.stop_requested()) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    }
    if (context_.wait_for_room) LEAT_TRY(context_.wait_for_room(stop));
    LEAT_ASSIGN(const auto batch, source->next(cursor.position, stop));
    LEAT_TRY(commit_batch(*writer, batch, cursor));
    on_progress(cursor);
  }
  return cursor;
}

Result<void> Ingest::commit_batch(log::TopicWriter& writer, const source::SourceBatch& batch,
                                  TaskCursor& cursor) {
  const Micros now = context_.clock.now();
  PartitionedBatch records(topic_.partitions, batch.records.size());
  std::vector<TaskLetter> letters;
  const auto dead = [&](std::string bytes, std::string error) {
    letters.push_back({.pipeline = context_.pipeline,
                       .task = task_.name,
                       .run = cursor.run,
                       .batch = cursor.batches,
                       .index = static_cast<int64_t>(letters.size()),
                       .origin = batch.origin,
                       .error = std::move(error),
                       .bytes = std::move(bytes),
                       .at = now});
  };

  // Without a key a batch stays together in one partition, and batches take turns.
  const auto turn = static_cast<size_t>(cursor.batches % topic_.partitions);
  TaskCounts counts;
  const size_t largest = largest_record(topic_);
  for (const auto& record : batch.records) {
    // What is too large without its key is not looked into for one.
    const bool has_key = !key_.empty() && record.value.size() <= largest;
    auto key = has_key ? key_.of(record.value) : Result<std::string>(std::string());
    if (!key.ok()) {
      dead(std::string(record.value), key.error().message());
    } else if (key->size() + record.value.size() > largest) {
      dead(std::string(record.value),
           fmt::format("the record is larger than the {} bytes that the topic takes", largest));
    } else if (key_.empty()) {
      records.add_without_key(turn, record.value, now / 1000);
      ++counts.produced;
    } else {
      records.add(std::move(key).value(), record.value, now / 1000);
      ++counts.produced;
    }
  }
  for (const auto& rejected : batch.rejected) dead(rejected.bytes, rejected.error);
  counts.dead_lettered = static_cast<int64_t>(letters.size());
  counts.fetched = static_cast<int64_t>(batch.records.size() + batch.rejected.size());

  TaskCursor next = cursor;
  next.position = batch.next_cursor;
  next.batches += 1;
  next.done = batch.last;
  next.run_counts += counts;
  next.total += counts;

  LEAT_TRY(writer.begin());
  for (size_t partition = 0; partition < records.by_partition().size(); ++partition) {
    const auto& part = records.by_partition()[partition];
    if (part.empty()) continue;
    LEAT_TRY(writer.append({task_.topic, static_cast<int32_t>(partition)}, part));
  }
  for (auto& letter : letters) {
    const std::string key = letter.key();
    const std::string value = letter_value(letter);
    const log::NewRecord record{.key = key, .value = value, .timestamp_ms = now / 1000};
    LEAT_TRY(writer.append({kTaskLettersTopic, 0}, {&record, 1}));
  }
  const std::string key = task_cursor_key(context_.pipeline, task_.name);
  const std::string value = next.to_json();
  const log::NewRecord record{.key = key, .value = value, .timestamp_ms = now / 1000};
  LEAT_TRY(writer.append({kCursorsTopic, 0}, {&record, 1}));
  LEAT_TRY(writer.commit());
  cursor = std::move(next);
  return {};
}

}  // namespace leat::pipeline
