#include "pipeline/ingest/held_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time/fake_clock.h"
#include "pipeline/ingest/scripted_source_for_test.h"
#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HeldLettersTest : public testing::Test {
 protected:
  HeldLettersTest() {
    task_.name = "fetch";
    task_.topic = "t";
    log_.make_topic("t");
  }

  void fetch(const std::vector<std::string>& rejected, const std::string& run = "r1") {
    test::Script script{.batches = {{{R"({"id":"ok"})"}}}};
    for (const auto& bytes : rejected) script.batches[0].rejected.push_back({bytes, "bad"});
    TaskCursors cursors(*log_);
    auto ingest = Ingest::create(task_, {.pipeline = "p",
                                         .clock = clock_,
                                         .topics = *log_,
                                         .cursors = cursors,
                                         .make_source = script.factory()});
    ASSERT_TRUE(
        ingest.value()->attempt({.pipeline = "p", .run_id = run}, {}, [](const auto&) {}).ok());
  }

  std::unique_ptr<HeldLetters> hold(const LetterFilter& filter = {.owner = "fetch"}) {
    auto held = HeldLetters::open("p", filter, *log_, clock_);
    EXPECT_TRUE(held.ok()) << held.error().to_string();
    return held.ok() ? std::move(*held) : nullptr;
  }
  RedriveOutcome redrive(const LetterLimits& limits = {}) {
    RedriveOutcome all;
    const auto held = hold();
    while (held) {
      const auto outcome = held->redrive_next(task_, limits);
      EXPECT_TRUE(outcome.ok()) << outcome.error().to_string();
      if (!outcome.ok() || !*outcome) break;
      all += **outcome;
    }
    return all;
  }
  // The letter gets other bytes, as nothing but a test can do.
  void mend(TaskLetter letter, const std::string& bytes) {
    letter.bytes = bytes;
    log_.produce(kTaskLettersTopic, letter.to_json(), letter.key());
  }
  void expect_reconciled() {
    const auto counts = progress().total();
    EXPECT_TRUE(counts.reconciles());
    EXPECT_EQ(counts.dead_lettered - counts.discarded, static_cast<int64_t>(letters().size()));
  }
  std::vector<TaskLetter> letters() { return read_task_letters(*log_).value(); }
  TaskProgress progress() { return TaskCursors(*log_).of_task("p", "fetch").value(); }
  // As it was fetched, and what became of its letters.
  TaskCounts counts_of(const std::string& run) {
    TaskCounts counts = progress().of_run(run)->counts;
    return counts += progress().correction_of(run);
  }

  config::Task task_;
  test::TestLog log_;
  FakeClock clock_;
};

TEST_F(HeldLettersTest, AMendedLetterBecomesARecordAndIsGone) {
  fetch({"{\"id\":2"});
  mend(letters()[0], "{\"id\":2}");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 0);
  EXPECT_THAT(log_.values("t"), ElementsAre(R"({"id":"ok"})", "{\"id\":2}"));
  EXPECT_TRUE(letters().empty());
  const TaskCounts counts{.fetched = 2, .produced = 2, .dead_lettered = 0};
  EXPECT_EQ(progress().total(), counts);
  EXPECT_EQ(counts_of("r1"), counts);
  EXPECT_TRUE(progress().of_run("r1")->done);
}

TEST_F(HeldLettersTest, OneThatFailsAgainIsTheSameLetterWithTheNewError) {
  fetch({"{\"id\":2"});
  const auto before = letters();
  clock_.set(clock_.now() + 5);
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 0);
  EXPECT_EQ(outcome.failed_again, 1);
  const auto after = letters();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].key(), before[0].key());
  EXPECT_EQ(after[0].bytes, before[0].bytes);
  EXPECT_NE(after[0].error, "bad");
  EXPECT_EQ(after[0].at, clock_.now());
  EXPECT_THAT(log_.values("t"), ElementsAre(R"({"id":"ok"})"));
  EXPECT_EQ(progress().total().dead_lettered, 1);
}

TEST_F(HeldLettersTest, WithAKeyTheRecordGoesToItsPartition) {
  task_.topic = "wide";
  log_.make_topic("wide", 4);
  task_.key = {"id"};
  fetch({"no", R"({"x":1})"});
  auto found = letters();
  ASSERT_EQ(found.size(), 2U);
  mend(found[0], R"({"id":"abc"})");
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 1);
  const auto partition = log::partition_for_key("abc", 4);
  EXPECT_THAT(log_.values("wide", partition), testing::Contains(R"({"id":"abc"})"));
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_THAT(letters()[0].error, HasSubstr("no `id`"));
  EXPECT_TRUE(progress().total().reconciles());
}

TEST_F(HeldLettersTest, CountsOfAnotherRunStayWhatTheyAre) {
  fetch({"{}x"}, "r1");
  fetch({}, "r2");
  mend(letters()[0], "{}");
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_EQ(counts_of("r2"), (TaskCounts{.fetched = 1, .produced = 1, .dead_lettered = 0}));
  EXPECT_EQ(counts_of("r1"), (TaskCounts{.fetched = 2, .produced = 2, .dead_lettered = 0}));
  EXPECT_EQ(progress().total(), (TaskCounts{.fetched = 3, .produced = 3, .dead_lettered = 0}));
}

TEST_F(HeldLettersTest, NothingToRedriveIsNoError) {
  fetch({});
  EXPECT_EQ(redrive().redriven, 0);
}

TEST_F(HeldLettersTest, ManyGoInOneTransactionAndOneThatFailsTakesNoneAlong) {
  fetch({"1", "2", "nothing", "4", "5"});
  EXPECT_EQ(hold()->redrive_next(task_, {.letters = 3}).value()->redriven, 2);
  EXPECT_EQ(letters().size(), 3U);
  expect_reconciled();
  EXPECT_EQ(redrive({.letters = 2}).redriven, 2);
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].bytes, "nothing");
  EXPECT_EQ(log_.values("t").size(), 5U);
  expect_reconciled();
}

TEST_F(HeldLettersTest, TwoWhoHoldTheSameLettersCannotBothHaveThem) {
  fetch({"1", "2", "3"});
  const auto first = hold();
  EXPECT_EQ(first->redrive_next(task_, {.letters = 1}).value()->redriven, 1);
  const auto second = hold();
  const auto fenced = first->redrive_next(task_, {.letters = 1});
  ASSERT_FALSE(fenced.ok());
  EXPECT_EQ(fenced.error().code(), ErrorCode::kFenced);
  EXPECT_FALSE(first->discard("x").ok());
  EXPECT_EQ(second->redrive_next(task_, {}).value()->redriven, 2);
  EXPECT_FALSE(second->redrive_next(task_, {}).value());
  EXPECT_EQ(log_.values("t").size(), 4U) << "each once";
  expect_reconciled();
}

TEST_F(HeldLettersTest, RunsOfTheTaskGoOnBesideWhoHoldsItsLetters) {
  fetch({"1"});
  const auto held = hold();
  fetch({"2"}, "r2");
  EXPECT_EQ(held->redrive_next(task_, {}).value()->redriven, 1);
  EXPECT_EQ(letters().size(), 1U) << "that of the other run came too late";
  expect_reconciled();
}

TEST_F(HeldLettersTest, OldCursorsGoAndTheCountsStay) {
  for (int i = 0; i < 5; ++i) fetch({std::to_string(i)}, fmt::format("r{}", i));
  EXPECT_EQ(hold({.owner = "fetch", .names = {letters()[0].key()}})->discard("old").value(), 1);
  EXPECT_EQ(hold({.owner = "fetch", .names = {letters()[0].key()}})
                ->redrive_next(task_, {})
                .value()
                ->redriven,
            1);
  const auto held = hold();
  const TaskCounts total = progress().total();
  TaskCursors cursors(*log_);
  ASSERT_TRUE(remove_old_cursors(*log_, cursors, "p", "fetch", {"r1"}, 1, 2).ok());
  EXPECT_EQ(progress().runs.size(), 5U) << "not more than twice as many as are kept";
  ASSERT_TRUE(remove_old_cursors(*log_, cursors, "p", "fetch", {"r1"}, 1, 1).ok());
  log_.reopen();
  ASSERT_EQ(progress().runs.size(), 2U);
  EXPECT_NE(progress().of_run("r1"), nullptr) << "that run is open";
  EXPECT_NE(progress().of_run("r4"), nullptr);
  EXPECT_EQ(progress().total(), total);
  EXPECT_EQ(progress().tally->settled,
            (TaskCounts{.fetched = 6, .produced = 3, .dead_lettered = 3, .discarded = 1}));
  EXPECT_EQ(redrive().redriven, 3) << "letters of runs without a cursor, too";
  expect_reconciled();
}

TEST_F(HeldLettersTest, ALetterThatIsTooLargeForTheTopicStaysOne) {
  fetch({"1", "\"" + std::string(2'000, 'x') + "\""});
  ASSERT_TRUE((*log_).ensure_topic("t", {.max_message_bytes = 2'000}).ok());
  const auto outcome = redrive();
  EXPECT_EQ(outcome.redriven, 1);
  EXPECT_EQ(outcome.failed_again, 1);
  EXPECT_THAT(letters().at(0).error, HasSubstr("larger than the 976 bytes"));
  expect_reconciled();
}

TEST_F(HeldLettersTest, DiscardsWhatTheFilterMeansAndCountsIt) {
  fetch({"1", "2", "nothing"});
  mend(letters()[2], "nothing still");
  EXPECT_EQ(hold({.owner = "fetch", .names = {letters()[1].key()}})->discard("a test").value(), 1);
  EXPECT_EQ(letters().size(), 2U);
  EXPECT_EQ(hold({.owner = "fetch", .error = "no such error"})->discard("a test").value(), 0);
  EXPECT_EQ(hold({.owner = "fetch", .stage = "query"})->discard("a test").value(), 0);
  EXPECT_EQ(hold({.owner = "fetch", .stage = "fetch", .error = "bad"})->discard("old").value(), 2);
  EXPECT_TRUE(letters().empty());
  const auto now = progress();
  EXPECT_EQ(now.total(),
            (TaskCounts{.fetched = 4, .produced = 1, .dead_lettered = 3, .discarded = 3}));
  EXPECT_EQ(counts_of("r1"), now.total());
  EXPECT_EQ(now.tally->discarded, (std::map<std::string, int64_t>{{"a test", 1}, {"old", 2}}));
  fetch({"7"}, "r2");
  EXPECT_EQ(progress().tally->discarded, now.tally->discarded) << "another run keeps them";
  EXPECT_EQ(progress().total().discarded, 3);
  expect_reconciled();
}

TEST_F(HeldLettersTest, ReasonsAreKeptUpToAHundred) {
  TaskTally counted{.settled = {}};
  for (int i = 0; i < 150; ++i) counted.count_discarded(fmt::format("reason {}", i), 1);
  counted.count_discarded("reason 1", 4);
  EXPECT_EQ(counted.discarded.size(), 101U);
  EXPECT_EQ(counted.discarded.at("(other reasons)"), 50);
  EXPECT_EQ(counted.discarded.at("reason 1"), 5);
}

}  // namespace
}  // namespace leat::pipeline
