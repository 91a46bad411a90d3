// The process goes down, or the disk fails, at every call while a task's letters are run again and
// discarded: each letter is then a record of the topic, a letter or discarded, once; and going on
// ends where an undisturbed redrive does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "base/time/fake_clock.h"
#include "pipeline/ingest/held_letters.h"
#include "pipeline/ingest/scripted_source_for_test.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using Loss = FaultyFileSystem::Loss;

constexpr int kLetters = 6;

class HeldLettersCrashTest : public testing::Test {
 protected:
  HeldLettersCrashTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    task_.name = "fetch";
    task_.topic = "t";
    task_.key = {"id"};  // which no record has
    test::ScriptedBatch batch;
    for (int i = 0; i < kLetters; ++i) {
      batch.records.push_back(i == 2 ? R"({"other":2})" : fmt::format(R"({{"n":{}}})", i));
    }
    script_.batches.push_back(std::move(batch));
  }
  ~HeldLettersCrashTest() override { set_log_sink(nullptr); }

  Result<std::unique_ptr<log::Log>> open(FaultyFileSystem& files) {
    log::LogOptions options;
    options.flush_threads = 1;
    options.lazy_flush_ms = 1;
    LEAT_ASSIGN(auto log, log::Log::open("/log", files, system_clock(), options));
    LEAT_TRY(log->ensure_topic("t", {.partitions = 2, .segment_bytes = 1'000}));
    LEAT_TRY(test::make_task_topics(*log));
    return log;
  }

  Result<void> fetch(log::Log& log) {
    TaskCursors cursors(log);
    LEAT_ASSIGN(auto made, Ingest::create(task_, {.pipeline = "p",
                                                  .clock = clock_,
                                                  .topics = log,
                                                  .cursors = cursors,
                                                  .make_source = script_.factory()}));
    auto done = made->attempt({.pipeline = "p", .run_id = "r"}, {}, [](const TaskCursor&) {});
    if (!done.ok()) return std::move(done).error();
    return {};
  }

  // Two at a time; the one that fails again is discarded.
  Result<void> work_on(log::Log& log) {
    config::Task mended = task_;
    mended.key = {"n"};
    {
      LEAT_ASSIGN(const auto held, HeldLetters::open("p", {.owner = "fetch"}, log, clock_));
      while (true) {
        LEAT_ASSIGN(const auto outcome, held->redrive_next(mended, {.letters = 2}));
        if (!outcome) break;
      }
    }
    LEAT_ASSIGN(const auto held,
                HeldLetters::open("p", {.owner = "fetch", .error = "no `n`"}, log, clock_));
    LEAT_TRY(held->discard("it has none"));
    return {};
  }

  void check(FaultyFileSystem& files, bool all_done, const std::string& where) {
    auto opened = open(files);
    ASSERT_TRUE(opened.ok()) << where << ": " << opened.error().to_string();
    auto& log = **opened;
    std::vector<std::string> seen;
    for (int32_t partition = 0; partition < 2; ++partition) {
      const auto values = test::values_of(log, "t", partition);
      seen.insert(seen.end(), values.begin(), values.end());
    }
    const auto records = static_cast<int64_t>(seen.size());
    const auto letters = read_task_letters(log);
    ASSERT_TRUE(letters.ok()) << where << ": " << letters.error().to_string();
    for (const auto& letter : *letters) seen.push_back(letter.bytes);
    const auto progress = TaskCursors(log).of_task("p", "fetch");
    ASSERT_TRUE(progress.ok()) << where;
    const TaskCounts counts = progress->total();
    if (counts.discarded == 1) seen.emplace_back(R"({"other":2})");
    std::ranges::sort(seen);
    auto expected = script_.batches[0].records;
    std::ranges::sort(expected);
    EXPECT_EQ(seen, expected) << where;
    EXPECT_EQ(counts, (TaskCounts{.fetched = kLetters,
                                  .produced = records,
                                  .dead_lettered = kLetters - records,
                                  .discarded = counts.discarded}))
        << where;
    EXPECT_EQ(counts.dead_lettered - counts.discarded, static_cast<int64_t>(letters->size()))
        << where;
    if (all_done) {
      EXPECT_EQ(records, kLetters - 1) << where;
      EXPECT_EQ(counts.discarded, 1) << where;
    }
  }

  void prepare(FaultyFileSystem& files) {
    auto log = open(files);
    ASSERT_TRUE(log.ok()) << log.error().to_string();
    const auto fetched = fetch(**log);
    ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
  }

  void run(FaultyFileSystem& files) {
    auto log = open(files);
    if (log.ok()) static_cast<void>(work_on(**log));
  }

  uint64_t calls_without_faults() {
    FaultyFileSystem files(1);
    prepare(files);
    before_ = files.calls();
    run(files);
    const uint64_t calls = files.calls();
    check(files, true, "undisturbed");
    return calls;
  }

  void go_down_at_every_call(Loss loss) {
    const uint64_t calls = calls_without_faults();
    for (uint64_t call = before_ + 1; call <= calls; ++call) {
      const std::string where = fmt::format("down at call {} of {}", call, calls);
      FaultyFileSystem files(call);
      prepare(files);
      files.crash_at_call(call);
      run(files);
      files.restart(loss);
      check(files, false, where);
      run(files);
      check(files, true, where + ", gone on");
      if (HasFailure()) return;
    }
  }

  config::Task task_;
  test::Script script_;
  FakeClock clock_;
  uint64_t before_ = 0;  // calls until there are letters
};

TEST_F(HeldLettersCrashTest, APowerLossAtEveryCall) { go_down_at_every_call(Loss::kPowerLost); }

TEST_F(HeldLettersCrashTest, AKillAtEveryCall) { go_down_at_every_call(Loss::kProcessKilled); }

TEST_F(HeldLettersCrashTest, AFailingDiskAtEveryCall) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = before_ + 1; call <= calls; ++call) {
    const int error = call % 2 == 0 ? EIO : ENOSPC;
    const std::string where = fmt::format("errno {} at call {} of {}", error, call, calls);
    FaultyFileSystem files(call);
    prepare(files);
    files.fail_call(call, error);
    run(files);
    files.restart(Loss::kPowerLost);
    check(files, false, where);
    run(files);
    check(files, true, where + ", gone on");
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leat::pipeline
