// The process goes down at every call while old cursors of a task are removed: whatever is there
// then, the task has counted what it had before, and going on ends where an undisturbed removal
// does.
#include <gtest/gtest.h>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "pipeline/ingest/task_cursors.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using Loss = FaultyFileSystem::Loss;

constexpr int kRuns = 4;
constexpr TaskCounts kTotal{.fetched = 10, .produced = 9, .dead_lettered = 1};

class TaskCursorsCrashTest : public testing::TestWithParam<Loss> {
 protected:
  TaskCursorsCrashTest() {
    set_log_sink([](LogLevel, std::string_view) {});
  }
  ~TaskCursorsCrashTest() override { set_log_sink(nullptr); }

  static Result<std::unique_ptr<log::Log>> open(FaultyFileSystem& files) {
    log::LogOptions options;
    options.flush_threads = 1;
    options.lazy_flush_ms = 1;
    LEAT_ASSIGN(auto log, log::Log::open("/log", files, system_clock(), options));
    LEAT_TRY(test::make_task_topics(*log));
    return log;
  }

  static Result<void> write(log::Log& log, const std::string& key, const std::string& value) {
    LEAT_ASSIGN(const auto writer, log.open_writer(writer_of_key(key)));
    const log::NewRecord record{.key = key, .value = value, .timestamp_ms = 1};
    LEAT_TRY(writer->begin());
    LEAT_TRY(writer->append({kCursorsTopic, 0}, {&record, 1}));
    return writer->commit();
  }

  // Runs that fetched 1, 2, 3 and 4 records, and what became of a letter of the first.
  static void prepare(FaultyFileSystem& files) {
    auto log = open(files);
    ASSERT_TRUE(log.ok()) << log.error().to_string();
    for (int64_t run = 1; run <= kRuns; ++run) {
      const std::string id = fmt::format("r{}", run);
      const int64_t bad = run <= 2 ? 1 : 0;
      const TaskCursor cursor{
          .run = id,
          .position = {},
          .counts = {.fetched = run, .produced = run - bad, .dead_lettered = bad}};
      ASSERT_TRUE(write(**log, run_cursor_key("p", "t", id), cursor.to_json()).ok());
    }
    TaskTally tally{.settled = {}};
    tally.correct("r1", true, {.produced = 1, .dead_lettered = -1});
    ASSERT_TRUE(write(**log, task_key("p", "t"), tally.to_json()).ok());
  }

  static void remove(FaultyFileSystem& files) {
    auto log = open(files);
    if (!log.ok()) return;
    TaskCursors cursors(**log);
    static_cast<void>(remove_old_cursors(**log, cursors, "p", "t", {}, 1, 1));
  }

  static void check(FaultyFileSystem& files, bool done, const std::string& where) {
    auto log = open(files);
    ASSERT_TRUE(log.ok()) << where << ": " << log.error().to_string();
    const auto progress = TaskCursors(**log).of_task("p", "t");
    ASSERT_TRUE(progress.ok()) << where << ": " << progress.error().to_string();
    EXPECT_EQ(progress->total(), kTotal) << where;
    EXPECT_NE(progress->of_run("r4"), nullptr) << where;
    if (done) EXPECT_EQ(progress->runs.size(), 1U) << where;
    if (!done) EXPECT_TRUE(progress->runs.size() == 1 || progress->runs.size() == 4) << where;
  }
};

TEST_P(TaskCursorsCrashTest, AtEveryCall) {
  FaultyFileSystem undisturbed(1);
  prepare(undisturbed);
  const uint64_t before = undisturbed.calls();
  remove(undisturbed);
  const uint64_t calls = undisturbed.calls();
  check(undisturbed, true, "undisturbed");
  for (uint64_t call = before + 1; call <= calls; ++call) {
    const std::string where = fmt::format("down at call {} of {}", call, calls);
    FaultyFileSystem files(call);
    prepare(files);
    files.crash_at_call(call);
    remove(files);
    files.restart(GetParam());
    check(files, false, where);
    remove(files);
    check(files, true, where + ", gone on");
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, TaskCursorsCrashTest,
                         testing::Values(Loss::kPowerLost, Loss::kProcessKilled));

}  // namespace
}  // namespace leat::pipeline
