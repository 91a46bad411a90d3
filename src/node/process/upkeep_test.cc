// Retention waits for streams and deliveries.
#include "node/process/upkeep.h"

#include <gmock/gmock.h>

#include "node/instance/instance_for_test.h"

namespace leat::node {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kPipeline = R"(
pipeline: p
streams:
  s:
    sql: SELECT n FROM t
    into: {table: x}
topics:
  t: {retention: {time: 1h}}
)";

class UpkeepTest : public test::InstanceTest {
 protected:
  // Records of 1970, which any retention has done with.
  UpkeepTest() {
    for (int i = 0; i < 3; ++i) produce("t", "{\"n\":1}");
  }

  // What retention waits for, a text a line.
  std::string waiting() {
    std::vector<const PipelineProcess*> running;
    if (process_) running.push_back(process_.get());
    const auto waits = maintain_log(*instance_, running);
    EXPECT_TRUE(waits.ok()) << waits.error().to_string();
    std::string text;
    for (const auto& [about, line] : *waits) text += line + "\n";
    return text;
  }
  int64_t start() { return instance_->embedded_log().offsets({"t", 0}).value().start; }
  void drain() {
    process_->start_streams();
    const auto drained = process_->drain_streams();
    ASSERT_TRUE(drained.ok()) << drained.error().to_string();
  }
};

TEST_F(UpkeepTest, RetentionWaitsForAStreamThatHasReadNothingYet) {
  open_process(kPipeline);
  EXPECT_EQ(waiting(),
            "the records 0..2 of t-0 are past the topic's retention, and stay: the stream p.s has "
            "not read them\n");
  EXPECT_EQ(start(), 0);
  drain();
  EXPECT_EQ(waiting(), "");
  EXPECT_EQ(start(), 3);
}

TEST_F(UpkeepTest, RetentionWaitsForAPipelineThatDoesNotRun) {
  open_process(kPipeline);
  drain();
  process_.reset();
  const log::NewRecord record{.key = {}, .value = "{\"n\":2}", .timestamp_ms = 1'000};
  ASSERT_TRUE(instance_->embedded_log().produce({"t", 0}, {&record, 1}).ok());
  restart();
  EXPECT_THAT(waiting(), AllOf(HasSubstr("the records 3..3 of t-0"),
                               HasSubstr("run the pipeline p"), HasSubstr("p.duckdb")));
  // What is before its offset may go once its segment is full; this one holds both.
  open_process(kPipeline);
  drain();
  EXPECT_EQ(waiting(), "");
  EXPECT_EQ(start(), 4);
  EXPECT_THAT(rows("p", "SELECT count(*) FROM x"), ::testing::ElementsAre("4"));
}

TEST_F(UpkeepTest, AStreamThatTheFileNoLongerNamesHoldsNothing) {
  open_process(kPipeline);
  drain();
  process_.reset();
  const log::NewRecord record{.key = {}, .value = "{\"n\":2}", .timestamp_ms = 1'000};
  ASSERT_TRUE(instance_->embedded_log().produce({"t", 0}, {&record, 1}).ok());
  open_process(R"(
pipeline: p
streams:
  other:
    sql: SELECT n FROM u
    into: {table: y}
topics:
  t: {retention: {time: 1h}}
  u: {}
)");
  EXPECT_EQ(waiting(), "");
  EXPECT_EQ(start(), 4);
}

TEST_F(UpkeepTest, RetentionWaitsForAnOutbox) {
  open_process(kPipeline);
  drain();
  auto connection = std::move(instance_->pipeline_store("p").value()->database->connect()).value();
  pipeline::Outbox outbox(*connection);
  ASSERT_TRUE(outbox
                  .add("s", {.epoch = 1,
                             .from = {{0, 1}},
                             .to = {{0, 3}},
                             .query_hash = "h",
                             .now = 1,
                             .write_time = 1,
                             .sink = "hdfs:files"})
                  .ok());
  EXPECT_EQ(waiting(),
            "the records 1..2 of t-0 are past the topic's retention, and stay: the stream p.s has "
            "not delivered them to hdfs:files\n");
  EXPECT_EQ(start(), 0);
  ASSERT_TRUE(outbox.remove("s", {.epoch = 1, .sink = "hdfs:files"}).ok());
  EXPECT_EQ(waiting(), "");
  EXPECT_EQ(start(), 3);
}

TEST_F(UpkeepTest, NothingGoesWhileADatabaseCannotBeRead) {
  ASSERT_TRUE(instance_->embedded_log().ensure_topic("t", {.retention_ms = 1'000}).ok());
  write_file("data/pipelines/bad.duckdb", "no database");
  EXPECT_THAT(waiting(), AllOf(HasSubstr("nothing is removed from the log"), HasSubstr("bad")));
  EXPECT_EQ(start(), 0);
  ASSERT_TRUE(real_file_system().remove(data() / "pipelines" / "bad.duckdb").ok());
  EXPECT_EQ(waiting(), "");
  EXPECT_EQ(start(), 3);
}

TEST_F(UpkeepTest, SegmentsAreSmallBesideWhatRetentionKeeps) {
  const auto segment_bytes = [&](const std::string& retention) {
    process_.reset();
    open_process(
        "pipeline: p\nstreams:\n  s: {sql: SELECT n FROM t, into: {table: x}}\ntopics:\n  t: "
        "{retention: {" +
        retention + "}}\n");
    return instance_->embedded_log().describe("t").value().segment_bytes;
  };
  EXPECT_EQ(segment_bytes("time: 1h"), 128 << 20);
  EXPECT_EQ(segment_bytes("bytes: 10GiB"), 128 << 20);
  EXPECT_EQ(segment_bytes("bytes: 64MiB"), 16 << 20);
  EXPECT_EQ(segment_bytes("bytes: 1000"), 1 << 20);
}

}  // namespace
}  // namespace leat::node
