// For tests: a real log in a directory of its own, with what tests do to it.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/temporary_directory.h"
#include "log/log.h"
#include "pipeline/dead_letter/task_letters.h"
#include "pipeline/ingest/task_cursor.h"
#include "pipeline/position/topic_schemas.h"

namespace leat::pipeline {

// All that are there, in the order of their keys.
inline Result<std::vector<TaskLetter>> read_task_letters(log::TopicReader& reader) {
  std::vector<TaskLetter> letters;
  LEAT_TRY(each_task_letter(reader, "", "", [&](TaskLetter letter) -> Result<bool> {
    letters.push_back(std::move(letter));
    return true;
  }));
  return letters;
}

}  // namespace leat::pipeline

namespace leat::pipeline::test {

// The values of all committed records of a partition, in order; "(none)" for a tombstone.
inline std::vector<std::string> values_of(log::Log& log, const std::string& topic,
                                          int32_t partition = 0) {
  std::vector<std::string> values;
  const auto range = log.offsets({topic, partition});
  EXPECT_TRUE(range.ok()) << range.error().to_string();
  if (!range.ok()) return values;
  for (int64_t offset = range->start; offset < range->end;) {
    const auto fetched = log.fetch({topic, partition}, offset, {});
    EXPECT_TRUE(fetched.ok()) << fetched.error().to_string();
    if (!fetched.ok()) return values;
    for (const auto& record : fetched->records) {
      values.emplace_back(record.value.value_or("(none)"));
    }
    offset = fetched->next_offset;
  }
  return values;
}

inline Result<void> make_task_topics(log::TopicStore& topics) {
  const log::TopicConfig compacted{.cleanup_policy = log::CleanupPolicy::kCompact};
  LEAT_TRY(topics.ensure_topic(kCursorsTopic, compacted));
  return topics.ensure_topic(kTaskLettersTopic, compacted);
}

class TestLog {
 public:
  TestLog() { reopen(); }

  // As the next process finds it.
  void reopen() {
    log_.reset();
    auto opened = log::Log::open(directory_.path() / "log", real_file_system(), system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
    const auto made = make_task_topics(*log_);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
  }

  log::Log& operator*() { return *log_; }

  // The next process finds one bit flipped in the partition's first segment.
  void flip_bit(const std::string& partition, uint64_t at) {
    log_.reset();
    const Path segment = directory_.path() / "log" / partition / "00000000000000000000.log";
    auto file = std::move(real_file_system().open(segment, OpenMode::kReadWrite)).value();
    std::byte byte{};
    ASSERT_EQ(file->read_at(at, {&byte, 1}).value(), 1U);
    byte ^= std::byte{0x40};
    ASSERT_TRUE(file->write_at(at, {&byte, 1}).ok());
    reopen();
  }

  void make_topic(const std::string& topic, int32_t partitions = 1) {
    const auto made = log_->ensure_topic(topic, {.partitions = partitions});
    ASSERT_TRUE(made.ok()) << made.error().to_string();
  }

  using Text = std::optional<std::string>;
  // One record outside any transaction; returns its offset.
  int64_t produce(const std::string& topic, const Text& value, const Text& key = {},
                  int32_t partition = 0) {
    const log::NewRecord record{.key = view(key), .value = view(value), .timestamp_ms = 1'000};
    const auto offset = log_->produce({topic, partition}, {&record, 1});
    EXPECT_TRUE(offset.ok()) << offset.error().to_string();
    return offset.ok() ? *offset : -1;
  }

  // All in one transaction: a control record follows them.
  void produce_transaction(const std::string& topic, const std::vector<std::string>& values,
                           int32_t partition = 0, bool commit = true) {
    auto writer = log_->open_writer("test");
    ASSERT_TRUE(writer.ok()) << writer.error().to_string();
    ASSERT_TRUE((*writer)->begin().ok());
    for (const auto& value : values) {
      const log::NewRecord record{.key = {}, .value = value, .timestamp_ms = 1'000};
      ASSERT_TRUE((*writer)->append({topic, partition}, {&record, 1}).ok());
    }
    ASSERT_TRUE((commit ? (*writer)->commit() : (*writer)->abort()).ok());
  }

  std::vector<std::string> values(const std::string& topic, int32_t partition = 0) {
    return values_of(*log_, topic, partition);
  }

  // The ends of all partitions.
  Offsets ends(const std::string& topic) {
    Offsets ends;
    const int32_t partitions = log_->partition_count(topic).value();
    for (int32_t i = 0; i < partitions; ++i) ends[i] = log_->offsets({topic, i}).value().end;
    return ends;
  }

 private:
  static std::optional<std::string_view> view(const Text& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<log::Log> log_;
};

}  // namespace leat::pipeline::test
