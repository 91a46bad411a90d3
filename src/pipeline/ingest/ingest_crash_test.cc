// The process goes down, or the disk fails, at every call of a small ingest: what is in the topic
// is then exactly what the cursor says, and going on ends where an undisturbed run does.
#include <gtest/gtest.h>

#include <cerrno>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "base/time/fake_clock.h"
#include "pipeline/ingest/scripted_source_for_test.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

constexpr int32_t kPartitions = 2;
constexpr int kBatches = 3;
using Loss = FaultyFileSystem::Loss;

log::LogOptions small_options() {
  log::LogOptions options;
  options.flush_threads = 1;
  options.lazy_flush_ms = 1;
  return options;
}

class IngestCrashTest : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  IngestCrashTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    task_.name = "fetch";
    task_.topic = "t";
    task_.key = GetParam();
    for (int batch = 0; batch < kBatches; ++batch) {
      test::ScriptedBatch made;
      for (int i = 0; i < 3; ++i)
        made.records.push_back(fmt::format("{{\"id\":{}}}", batch * 3 + i));
      if (batch % 2 == 1) made.rejected.push_back({fmt::format("bad {}", batch), "not JSON"});
      script_.batches.push_back(std::move(made));
    }
  }
  ~IngestCrashTest() override { set_log_sink(nullptr); }

  Result<std::unique_ptr<log::Log>> open(FaultyFileSystem& files) {
    return log::Log::open("/log", files, system_clock(), small_options());
  }

  Result<void> make_topics(log::Log& log) {
    LEAT_TRY(log.ensure_topic("t", {.partitions = kPartitions, .segment_bytes = 1'000}));
    for (const char* topic : {kCursorsTopic, kTaskLettersTopic}) {
      LEAT_TRY(log.ensure_topic(
          topic, {.cleanup_policy = log::CleanupPolicy::kCompact, .segment_bytes = 1'000}));
    }
    return {};
  }

  // One attempt; `acknowledged` is raised to the batches that it was told are committed.
  Result<void> ingest(log::Log& log, int64_t& acknowledged) {
    LEAT_TRY(make_topics(log));
    TaskCursors cursors(log);
    LEAT_ASSIGN(auto made, Ingest::create(task_, {.pipeline = "p",
                                                  .clock = clock_,
                                                  .topics = log,
                                                  .cursors = cursors,
                                                  .make_source = script_.factory()}));
    auto done = made->attempt({.pipeline = "p", .run_id = "r"}, {}, [&](const TaskCursor& cursor) {
      acknowledged = std::max(acknowledged, cursor.batches);
    });
    if (!done.ok()) return std::move(done).error();
    return {};
  }

  void run(FaultyFileSystem& files, int64_t& acknowledged) {
    auto log = open(files);
    if (log.ok()) static_cast<void>(ingest(**log, acknowledged));
  }

  // The topic and the dead letters hold exactly the batches before the cursor.
  void check(log::Log& log, int64_t acknowledged, const std::string& where) {
    const auto made = make_topics(log);  // the crash may have been before that
    ASSERT_TRUE(made.ok()) << where << ": " << made.error().to_string();
    const auto found = TaskCursors(log).of_run("p", "fetch", "r");
    ASSERT_TRUE(found.ok()) << where << ": " << found.error().to_string();
    const TaskCursor cursor = found->value_or(TaskCursor{});
    ASSERT_GE(cursor.batches, acknowledged) << where;

    std::vector<std::vector<std::string>> expected(kPartitions);
    std::vector<std::string> rejected;
    TaskCounts counts;
    for (int64_t batch = 0; batch < cursor.batches; ++batch) {
      const auto& scripted = script_.batches.at(static_cast<size_t>(batch));
      for (const auto& record : scripted.records) {
        const std::string id = record.substr(6, record.size() - 7);
        const auto partition =
            task_.key.empty() ? batch % kPartitions : log::partition_for_key(id, kPartitions);
        expected[static_cast<size_t>(partition)].push_back(record);
      }
      for (const auto& letter : scripted.rejected) rejected.push_back(letter.bytes);
      counts +=
          {.fetched = static_cast<int64_t>(scripted.records.size() + scripted.rejected.size()),
           .produced = static_cast<int64_t>(scripted.records.size()),
           .dead_lettered = static_cast<int64_t>(scripted.rejected.size())};
    }
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      EXPECT_EQ(test::values_of(log, "t", partition), expected[static_cast<size_t>(partition)])
          << where;
    }
    EXPECT_EQ(cursor.counts, counts) << where;
    EXPECT_EQ(cursor.done, cursor.batches == kBatches) << where;
    const auto letters = read_task_letters(log);
    ASSERT_TRUE(letters.ok()) << where << ": " << letters.error().to_string();
    std::vector<std::string> bytes;
    for (const auto& letter : *letters) bytes.push_back(letter.bytes);
    EXPECT_EQ(bytes, rejected) << where;
  }

  void open_and_check(FaultyFileSystem& files, int64_t acknowledged, const std::string& where) {
    auto log = open(files);
    ASSERT_TRUE(log.ok()) << where << ": " << log.error().to_string();
    check(**log, acknowledged, where);
  }

  uint64_t calls_without_faults() {
    FaultyFileSystem files(1);
    int64_t acknowledged = 0;
    run(files, acknowledged);
    EXPECT_EQ(acknowledged, kBatches);
    open_and_check(files, kBatches, "undisturbed");
    return files.calls();
  }

  void go_down_at_every_call(Loss loss) {
    const uint64_t calls = calls_without_faults();
    ASSERT_GT(calls, 20U);
    for (uint64_t call = 1; call <= calls; ++call) {
      const std::string where = fmt::format("down at call {} of {}", call, calls);
      FaultyFileSystem files(call);
      int64_t acknowledged = 0;
      files.crash_at_call(call);
      run(files, acknowledged);
      files.restart(loss);
      open_and_check(files, acknowledged, where);
      run(files, acknowledged);
      open_and_check(files, kBatches, where + ", gone on");
      if (HasFailure()) return;
    }
  }

  config::Task task_;
  test::Script script_;
  FakeClock clock_;
};

TEST_P(IngestCrashTest, APowerLossAtEveryCall) { go_down_at_every_call(Loss::kPowerLost); }

TEST_P(IngestCrashTest, AKillAtEveryCall) { go_down_at_every_call(Loss::kProcessKilled); }

TEST_P(IngestCrashTest, AFailingDiskAtEveryCall) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; ++call) {
    const int error = call % 2 == 0 ? EIO : ENOSPC;
    const std::string where = fmt::format("errno {} at call {} of {}", error, call, calls);
    FaultyFileSystem files(call);
    int64_t acknowledged = 0;
    files.fail_call(call, error);
    {
      auto log = open(files);
      if (log.ok() && !ingest(**log, acknowledged).ok()) {
        // The task is tried again in the same process: it goes on, or is refused.
        static_cast<void>(ingest(**log, acknowledged));
      }
    }
    files.restart(Loss::kPowerLost);
    open_and_check(files, acknowledged, where);
    run(files, acknowledged);
    open_and_check(files, kBatches, where + ", gone on");
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, IngestCrashTest,
                         testing::Values(std::vector<std::string>{},
                                         std::vector<std::string>{"id"}),
                         [](const auto& info) {
                           return info.param.empty() ? "WithoutKey" : "WithKey";
                         });

}  // namespace
}  // namespace leat::pipeline
