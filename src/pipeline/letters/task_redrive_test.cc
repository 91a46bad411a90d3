#include "pipeline/letters/task_redrive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/ingest/scripted_source_for_test.h"
#include "pipeline/log_for_test.h"
#include "source/testing/fake_clock.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TaskRedriveTest : public testing::Test {
 protected:
  TaskRedriveTest() {
    task_.name = "fetch";
    task_.topic = "t";
    log_.make_topic("t");
  }

  void fetch(const std::vector<std::string>& rejected, const std::string& run = "r1") {
    test::Script script{.batches = {{{R"({"id":"ok"})"}}}};
    for (const auto& bytes : rejected) script.batches[0].rejected.push_back({bytes, "bad"});
    auto ingest = Ingest::create(
        task_,
        {.pipeline = "p", .clock = clock_, .topics = *log_, .make_source = script.factory()});
    ASSERT_TRUE(ingest.value()->attempt(run, {}, [](const auto&) {}).ok());
  }

  RedriveOutcome redrive(const std::vector<TaskLetter>& letters) {
    const auto outcome = redrive_task_letters(task_, "p", letters, *log_, clock_);
    EXPECT_TRUE(outcome.ok()) << outcome.error().to_string();
    return outcome.ok() ? *outcome : RedriveOutcome{};
  }
  std::vector<TaskLetter> letters() { return read_task_letters(*log_).value(); }
  TaskCursor cursor() { return *read_task_cursor(*log_, "p", "fetch").value(); }

  config::Task task_;
  test::TestLog log_;
  source::FakeClock clock_;
};

TEST_F(TaskRedriveTest, AMendedLetterBecomesARecordAndIsGone) {
  fetch({"{\"id\":2"});
  auto mended = letters();
  mended[0].bytes += "}";
  const auto outcome = redrive(mended);
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 0);
  EXPECT_THAT(log_.values("t"), ElementsAre(R"({"id":"ok"})", "{\"id\":2}"));
  EXPECT_TRUE(letters().empty());
  const TaskCounts counts{.fetched = 2, .produced = 2, .dead_lettered = 0};
  EXPECT_EQ(cursor().total, counts);
  EXPECT_EQ(cursor().run_counts, counts);
  EXPECT_TRUE(cursor().done);
}

TEST_F(TaskRedriveTest, OneThatFailsAgainIsTheSameLetterWithTheNewError) {
  fetch({"{\"id\":2"});
  const auto before = letters();
  clock_.set(clock_.now() + 5);
  const auto outcome = redrive(before);
  EXPECT_EQ(outcome.redriven, 0);
  EXPECT_EQ(outcome.failed_again, 1);
  const auto after = letters();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].key(), before[0].key());
  EXPECT_EQ(after[0].bytes, before[0].bytes);
  EXPECT_NE(after[0].error, "bad");
  EXPECT_EQ(after[0].at, clock_.now());
  EXPECT_THAT(log_.values("t"), ElementsAre(R"({"id":"ok"})"));
  EXPECT_EQ(cursor().total.dead_lettered, 1);
}

TEST_F(TaskRedriveTest, WithAKeyTheRecordGoesToItsPartition) {
  task_.topic = "wide";
  log_.make_topic("wide", 4);
  task_.key = {"id"};
  fetch({"no", R"({"x":1})"});
  auto found = letters();
  ASSERT_EQ(found.size(), 2U);
  found[0].bytes = R"({"id":"abc"})";
  const auto outcome = redrive(found);
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 1);
  const auto partition = log::partition_for_key("abc", 4);
  EXPECT_THAT(log_.values("wide", partition), testing::Contains(R"({"id":"abc"})"));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_THAT(letters()[0].error, HasSubstr("no `id`"));
  EXPECT_TRUE(cursor().total.reconciles());
}

TEST_F(TaskRedriveTest, CountsOfAnotherRunStayWhatTheyAre) {
  fetch({"{}x"}, "r1");
  fetch({}, "r2");
  auto found = letters();
  found[0].bytes = "{}";
  EXPECT_EQ(redrive(found).redriven, 1);
  EXPECT_EQ(cursor().run_counts, (TaskCounts{.fetched = 1, .produced = 1, .dead_lettered = 0}));
  EXPECT_EQ(cursor().total, (TaskCounts{.fetched = 3, .produced = 3, .dead_lettered = 0}));
}

TEST_F(TaskRedriveTest, NothingToRedriveIsNoError) {
  fetch({});
  EXPECT_EQ(redrive({}).redriven, 0);
}

}  // namespace
}  // namespace leat::pipeline
