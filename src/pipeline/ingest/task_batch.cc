#include "pipeline/ingest/task_batch.h"

#include <utility>

#include "log/largest_record.h"

namespace leat::pipeline {
namespace {

// Of bytes that no dead letter can hold as a whole.
constexpr size_t kKeptBytes = 64 << 10;

void shorten(TaskLetter& letter) {
  letter.error +=
      fmt::format("; only the first {} of its {} bytes are kept", kKeptBytes, letter.bytes.size());
  letter.bytes.resize(kKeptBytes);
}

}  // namespace

// In JSON the letter's bytes take up to six times as many.
std::string letter_value(TaskLetter& letter) {
  const size_t largest = log::largest_record({}) - letter.key().size();
  if (letter.bytes.size() > largest) shorten(letter);
  std::string value = letter.to_json();
  if (value.size() <= largest) return value;
  shorten(letter);
  return letter.to_json();
}

TaskBatch make_task_batch(source::SourceBatch batch, const TaskBatchPlace& place,
                          const codec::RecordKey& key, const log::TopicConfig& topic, Micros now) {
  TaskBatch made{
      .records = std::vector<std::vector<log::NewRecord>>(static_cast<size_t>(topic.partitions)),
      .next_cursor = std::move(batch.next_cursor),
      .last = batch.last,
      .warnings = std::move(batch.warnings),
      .memory = std::move(batch.memory)};
  const auto dead = [&](std::string bytes, std::string error) {
    made.letters.push_back({.pipeline = place.pipeline,
                            .task = place.task,
                            .run = place.run,
                            .batch = place.number,
                            .index = static_cast<int64_t>(made.letters.size()),
                            .origin = batch.origin,
                            .error = std::move(error),
                            .bytes = std::move(bytes),
                            .at = now});
  };

  const auto turn = static_cast<size_t>(place.number % topic.partitions);
  if (key.empty()) made.records[turn].reserve(batch.records.size());
  const size_t largest = log::largest_record(topic);
  for (const auto& record : batch.records) {
    const std::string_view value = record.value;
    std::string own_key;
    // What is too large without its key is not looked into for one.
    const bool has_key = !key.empty() && value.size() <= largest;
    const auto text = !has_key     ? Result<std::string_view>(std::string_view())
                      : record.key ? Result<std::string_view>(*record.key)
                                   : key.of(value, own_key);
    if (!text.ok()) {
      dead(std::string(value), text.error().message());
      continue;
    }
    if (text->size() + value.size() > largest) {
      dead(std::string(value), log::too_large_message(topic));
      continue;
    }
    ++made.counts.produced;
    log::NewRecord next{.value = value, .timestamp_ms = now / 1000};
    if (key.empty()) {
      made.records[turn].push_back(next);
      continue;
    }
    const bool is_own = text->data() == own_key.data();
    next.key = is_own ? made.keys.emplace_back(std::move(own_key)) : *text;
    made.records[static_cast<size_t>(log::partition_for_key(*next.key, topic.partitions))]
        .push_back(next);
  }
  for (auto& rejected : batch.rejected) dead(std::move(rejected.bytes), std::move(rejected.error));
  made.counts.dead_lettered = static_cast<int64_t>(made.letters.size());
  made.counts.fetched = static_cast<int64_t>(batch.records.size() + batch.rejected.size());
  return made;
}

}  // namespace leat::pipeline
