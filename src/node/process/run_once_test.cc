#include "node/process/run_once.h"

#include <gmock/gmock.h>

#include "node/instance/instance_for_test.h"

namespace leat::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunOnceTest : public test::InstanceTest {
 protected:
  RunOnceTest() { write_file("in.ndjson", "{\"id\":1}\n{\"id\":2}\nbad\n"); }

  std::string pipeline(const std::string& where = "id > 1") {
    return fmt::format(R"(pipeline: p
tasks:
  read:
    file: {{path: {}/in.ndjson}}
    into: {{topic: t}}
streams:
  s:
    sql: SELECT id FROM t WHERE {}
    into: {{table: x}}
)",
                       directory_.path().string(), where);
  }
  Result<OpenRun> open_run(bool fresh = false) {
    return open_once_run(*instance_, *process_, fresh);
  }
  RunOutcome run(const OpenRun& of) {
    auto outcome = run_once(*instance_, *process_, of, {});
    EXPECT_TRUE(outcome.ok()) << outcome.error().to_string();
    return outcome.ok() ? std::move(*outcome) : RunOutcome{};
  }
  // What a run that was killed after its tasks leaves.
  void fetch_only(const OpenRun& of) {
    ASSERT_TRUE(process_->run_tasks(of.run, {})->succeeded());
    open_process(pipeline());
  }
  std::vector<store::Run> runs() { return instance_->metadata().runs().list(10).value(); }
};

TEST_F(RunOnceTest, CountsEverythingAndFinishesItsRecord) {
  open_process(pipeline());
  const auto opened = open_run().value();
  EXPECT_FALSE(opened.resumed);
  const auto outcome = run(opened);
  EXPECT_TRUE(outcome.finished());
  EXPECT_THAT(outcome.discrepancies, IsEmpty());
  EXPECT_EQ(outcome.totals.fetched(), 3);
  EXPECT_EQ(outcome.totals.produced(), 2);
  EXPECT_EQ(outcome.totals.read(), 2);
  EXPECT_EQ(outcome.totals.filtered(), 1);
  EXPECT_EQ(outcome.totals.written(), 1);
  EXPECT_EQ(outcome.totals.dead_lettered(), 1);
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("2"));
  ASSERT_EQ(runs().size(), 1U);
  EXPECT_EQ(runs()[0].state, store::RunState::kSuccess);
  EXPECT_EQ(runs()[0].counts, outcome.totals.to_json());
}

TEST_F(RunOnceTest, TheNextRunIsANewOneWithCountsOfItsOwn) {
  open_process(pipeline());
  run(open_run().value());
  open_process(pipeline());
  const auto opened = open_run().value();
  EXPECT_FALSE(opened.resumed);
  const auto outcome = run(opened);
  EXPECT_EQ(outcome.totals.fetched(), 3);
  EXPECT_EQ(outcome.totals.read(), 2);
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("2", "2"));
  EXPECT_EQ(runs().size(), 2U);
}

// The names are against the order, which is that of the topics between them.
TEST_F(RunOnceTest, StreamsThatFeedEachOtherAllComeToTheirEnds) {
  open_process(fmt::format(R"(pipeline: p
tasks:
  read:
    file: {{path: {}/in.ndjson}}
    into: {{topic: t}}
streams:
  a_last:
    sql: SELECT id FROM v
    into: {{table: x}}
  m_middle:
    sql: SELECT id + 1 AS id FROM u
    into: {{kafka: v}}
  z_first:
    sql: SELECT id * 10 AS id FROM t
    into: [{{topic: u, key: id}}, {{table: tens}}]
topics:
  u: {{partitions: 3}}
)",
                           directory_.path().string()));
  const auto outcome = run(open_run().value());
  EXPECT_TRUE(outcome.finished());
  EXPECT_THAT(outcome.discrepancies, IsEmpty());
  EXPECT_EQ(outcome.totals.streams.at("z_first").sinks.at("topic:u").delivered, 2);
  EXPECT_EQ(outcome.totals.streams.at("m_middle").sinks.at("topic:v").delivered, 2);
  EXPECT_THAT(rows("p", "FROM x ORDER BY 1"), ElementsAre("11", "21"));
  EXPECT_THAT(records("v"), ::testing::UnorderedElementsAre("-={\"id\":11}", "-={\"id\":21}"));
}

TEST_F(RunOnceTest, ARunThatTheMetadataLostIsResumed) {
  open_process(pipeline());
  const auto opened = open_run().value();
  fetch_only(opened);
  process_.reset();
  instance_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(data())) {
    if (entry.path().filename().string().starts_with("meta.db")) {
      std::filesystem::remove(entry.path());
    }
  }
  restart();
  open_process(pipeline());
  const auto again = open_run().value();
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.run.name.id, opened.run.name.id);
  const auto outcome = run(again);
  EXPECT_THAT(outcome.discrepancies, IsEmpty());
  EXPECT_EQ(outcome.totals.fetched(), 3);
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("2"));
  // That one is known now, and done.
  open_process(pipeline());
  EXPECT_FALSE(open_run().value().resumed);
}

TEST_F(RunOnceTest, AnInterruptedRunIsResumed) {
  open_process(pipeline());
  const auto first = open_run().value();
  fetch_only(first);
  restart();
  open_process(pipeline());
  const auto second = open_run().value();
  EXPECT_TRUE(second.resumed);
  EXPECT_EQ(second.run.name.id, first.run.name.id);
  const auto outcome = run(second);
  EXPECT_TRUE(outcome.resumed);
  EXPECT_EQ(outcome.totals.fetched(), 3) << "of the whole run, fetched once";
  EXPECT_EQ(outcome.totals.written(), 1);
  EXPECT_THAT(outcome.discrepancies, IsEmpty());
  EXPECT_EQ(records("t").size(), 2U);
  EXPECT_EQ(runs().size(), 1U);
}

TEST_F(RunOnceTest, AChangedFileDoesNotResumeARunThatFetchedSomething) {
  open_process(pipeline());
  fetch_only(open_run().value());
  open_process(pipeline("id > 0"));
  const auto refused = open_run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(refused.error().message(), HasSubstr("has changed since its run of"));
  EXPECT_THAT(refused.error().message(), HasSubstr("--fresh"));
  open_process(pipeline());
  EXPECT_TRUE(open_run()->resumed) << "the file as it was goes on";
}

TEST_F(RunOnceTest, FreshStartsAnewWhateverIsOpen) {
  open_process(pipeline());
  const auto first = open_run().value();
  fetch_only(first);
  for (const char* where : {"id > 1", "id > 0"}) {  // the same file, and another
    open_process(pipeline(where));
    const auto opened = open_run(true).value();
    EXPECT_FALSE(opened.resumed);
    EXPECT_NE(opened.run.name.id, first.run.name.id);
  }
  ASSERT_EQ(runs().size(), 3U);
  EXPECT_EQ(runs()[0].state, store::RunState::kQueued);
  EXPECT_EQ(runs()[1].state, store::RunState::kFailed);
  EXPECT_EQ(runs()[2].state, store::RunState::kFailed);
}

TEST_F(RunOnceTest, AChangedFileReplacesARunThatFetchedNothing) {
  open_process(pipeline());
  const auto first = open_run().value();
  open_process(pipeline("id > 0"));
  const auto second = open_run().value();
  EXPECT_FALSE(second.resumed);
  EXPECT_NE(second.run.name.id, first.run.name.id);
}

TEST_F(RunOnceTest, CommentsChangeNoFile) {
  open_process(pipeline());
  const auto first = open_run().value();
  fetch_only(first);
  open_process("# a comment\n" + pipeline());
  EXPECT_EQ(open_run().value().run.name.id, first.run.name.id);
}

TEST_F(RunOnceTest, AFailedRunIsGoneOnWith) {
  std::filesystem::remove(directory_.path() / "in.ndjson");
  open_process(pipeline());
  const auto opened = open_run().value();
  const auto outcome = run(opened);
  EXPECT_FALSE(outcome.finished());
  EXPECT_TRUE(outcome.tasks.tasks.at("read").error);
  EXPECT_EQ(runs().at(0).state, store::RunState::kFailed);
  EXPECT_THAT(runs()[0].error, HasSubstr("task read: "));
  EXPECT_THAT(runs()[0].error, HasSubstr("in.ndjson"));
  write_file("in.ndjson", "{\"id\":2}\n");
  open_process(pipeline());
  const auto again = open_run().value();
  EXPECT_TRUE(again.resumed);
  EXPECT_TRUE(run(again).finished());
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("2"));
}

TEST_F(RunOnceTest, AStoppedRunIsResumed) {
  open_process(pipeline());
  const auto opened = open_run().value();
  std::stop_source stop;
  stop.request_stop();
  auto outcome = run_once(*instance_, *process_, opened, stop.get_token());
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->finished());
  open_process(pipeline());
  const auto again = open_run().value();
  EXPECT_EQ(again.run.name.id, opened.run.name.id);
  EXPECT_TRUE(run(again).finished());
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("2"));
}

}  // namespace
}  // namespace leat::node
