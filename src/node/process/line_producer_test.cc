#include "node/process/line_producer.h"

#include <gmock/gmock.h>

#include <deque>
#include <functional>

#include "node/instance/instance_for_test.h"

namespace leat::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A body that comes in pieces, and breaks off where told.
class Pieces final : public web::BodyReader {
 public:
  explicit Pieces(std::deque<std::string> pieces, bool breaks = false)
      : pieces_(std::move(pieces)), breaks_(breaks) {}
  std::function<void()> before_last;  // is read
  Result<std::string> read() override {
    if (pieces_.size() == 1 && before_last) before_last();
    if (pieces_.empty()) {
      if (breaks_) return external_error(Retry::kNo, "the client left");
      return std::string();
    }
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

 private:
  std::deque<std::string> pieces_;
  bool breaks_;
};

class LineProducerTest : public test::InstanceTest {
 protected:
  Result<int64_t> produce_text(const std::string& text, const LineFormat& format = {}) {
    Pieces body({text});
    return produce_lines(*instance_, "t", format, body);
  }
};

TEST_F(LineProducerTest, EveryLineIsARecordOfATopicThatIsMade) {
  EXPECT_EQ(produce_text("{\"a\":1}\n\n  \n[2]\r\n\"3\"").value(), 3);
  EXPECT_THAT(records("t"), ElementsAre("-={\"a\":1}", "-=[2]", "-=\"3\""));
  EXPECT_EQ(instance_->embedded_log().partition_count("t").value(), 1);
  EXPECT_EQ(produce_text("").value(), 0);
}

TEST_F(LineProducerTest, LinesMayComeInAnyPieces) {
  const std::string text = "{\"a\":1}\r\n{\"b\":\"xyz\"}\n\n{\"c\":3}";
  for (size_t size = 1; size <= text.size(); ++size) {
    std::deque<std::string> pieces;
    for (size_t i = 0; i < text.size(); i += size) pieces.push_back(text.substr(i, size));
    Pieces body(std::move(pieces));
    const std::string topic = fmt::format("t{}", size);
    EXPECT_EQ(produce_lines(*instance_, topic, {}, body).value(), 3);
    EXPECT_THAT(records(topic), ElementsAre("-={\"a\":1}", "-={\"b\":\"xyz\"}", "-={\"c\":3}"));
  }
}

TEST_F(LineProducerTest, WhatCameIsThereBeforeTheRestComes) {
  Pieces body({"{\"a\":1}\n{\"a\":2}\n{\"a\"", ":3}\n"});
  bool seen = false;
  body.before_last = [&] {
    EXPECT_THAT(records("t"), ElementsAre("-={\"a\":1}", "-={\"a\":2}"));
    seen = true;
  };
  EXPECT_EQ(produce_lines(*instance_, "t", {}, body).value(), 3);
  EXPECT_TRUE(seen);
  EXPECT_EQ(records("t").size(), 3u);
}

TEST_F(LineProducerTest, LinesAreCountedOnFromEarlierCalls) {
  const auto produced = produce_text("{}\nnope\n", {.lines_before = 40});
  EXPECT_THAT(produced.error().message(), HasSubstr("line 42: "));
}

TEST_F(LineProducerTest, ALineLongerThanAPieceAndThanABatch) {
  const std::string value = "\"" + std::string(3 << 20, 'x') + "\"";
  std::deque<std::string> pieces;
  for (size_t i = 0; i < value.size(); i += 100'000) pieces.push_back(value.substr(i, 100'000));
  pieces.push_back("\n1\n2\n");
  Pieces body(std::move(pieces));
  EXPECT_EQ(produce_lines(*instance_, "t", {}, body).value(), 3);
  const auto found = records("t");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "-=" + value);
  EXPECT_EQ(found[2], "-=2");
}

TEST_F(LineProducerTest, ManyLinesKeepTheirOrderOverBatches) {
  std::string text;
  constexpr int kLines = 300'000;  // more than two batches
  for (int i = 0; i < kLines; ++i) text += std::to_string(1'000'000 + i) + "\n";
  EXPECT_EQ(produce_text(text).value(), kLines);
  const auto found = records("t");
  ASSERT_EQ(found.size(), static_cast<size_t>(kLines));
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
}

TEST_F(LineProducerTest, KeysSayThePartition) {
  ASSERT_TRUE(instance_->embedded_log().ensure_topic("t", {.partitions = 3}).ok());
  std::string text;
  for (int i = 0; i < 20; ++i) text += fmt::format("{{\"a\":{{\"id\":{}}}}}\n", i);
  EXPECT_EQ(produce_text(text, {.key = "a.id"}).value(), 20);
  for (int i = 0; i < 20; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_THAT(records("t", log::partition_for_key(key, 3)),
                testing::Contains(fmt::format("{}={{\"a\":{{\"id\":{}}}}}", i, i)));
  }
}

TEST_F(LineProducerTest, NumbersThatAreEqualAreOneKeyInOnePartition) {
  ASSERT_TRUE(instance_->embedded_log().ensure_topic("t", {.partitions = 16}).ok());
  EXPECT_EQ(
      produce_text("{\"id\":1}\n{\"id\":1.0}\n{\"id\":1e0}\n{\"id\":\"1.0\"}\n", {.key = "id"})
          .value(),
      4);
  EXPECT_THAT(records("t", log::partition_for_key("1", 16)),
              ElementsAre("1={\"id\":1}", "1={\"id\":1.0}", "1={\"id\":1e0}"));
  EXPECT_THAT(records("t", log::partition_for_key("1.0", 16)), ElementsAre("1.0={\"id\":\"1.0\"}"));
}

// Much is on its way at once, and all of it counts.
TEST_F(LineProducerTest, ManyPartitionsShareTheWait) {
  ASSERT_TRUE(instance_->embedded_log().ensure_topic("t", {.partitions = 50}).ok());
  std::string text;
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i)
    text += fmt::format("{{\"id\":{},\"text\":\"{:>1200}\"}}\n", i, i);
  EXPECT_EQ(produce_text(text, {.key = "id"}).value(), kLines);
  size_t found = 0;
  for (int32_t i = 0; i < 50; ++i) {
    found += static_cast<size_t>(instance_->embedded_log().offsets({"t", i})->end);
  }
  EXPECT_EQ(found, static_cast<size_t>(kLines));
}

TEST_F(LineProducerTest, AnEnvelopeCarriesKeysTextsAndTombstones) {
  const std::string text =
      "{\"key\":\"k\",\"value\":\"not JSON\"}\n"
      "{\"key\":null,\"value\":\"{}\"}\n"
      "{\"value\":null,\"key\":\"k\"}\r\n";
  EXPECT_EQ(produce_text(text, {.envelope = true}).value(), 3);
  EXPECT_THAT(records("t"), ElementsAre("k=not JSON", "-={}", "k=-"));
}

TEST_F(LineProducerTest, AnEnvelopeThatIsNoneIsNamed) {
  for (const char* line : {"{\"key\":\"k\"}", "{\"value\":\"v\"}", "{\"key\":1,\"value\":\"v\"}",
                           "{\"key\":\"k\",\"value\":{}}", "[]", "x"}) {
    const auto produced =
        produce_text(std::string("{\"key\":\"k\",\"value\":\"v\"}\n") + line, {.envelope = true});
    ASSERT_FALSE(produced.ok()) << line;
    EXPECT_EQ(produced.error().domain(), ErrorDomain::kUser);
    EXPECT_THAT(produced.error().message(), HasSubstr("line 2: expected {\"key\""));
  }
  EXPECT_EQ(records("t").size(), 6U) << "the lines before are produced";
}

TEST_F(LineProducerTest, BadLinesAreNamedAndTheOthersAreProduced) {
  const auto produced = produce_text("1\n\n2\n{\"a\":\n3\n{\"s\":\"\\ud83d\"}\n\"\xff\"\n4");
  ASSERT_FALSE(produced.ok());
  EXPECT_THAT(produced.error().message(), HasSubstr("line 4: "));
  EXPECT_THAT(produced.error().message(), HasSubstr("line 6: "));
  EXPECT_THAT(produced.error().message(), HasSubstr("line 7: "));
  EXPECT_THAT(produced.error().message(), HasSubstr("the 4 other records are in t"));
  EXPECT_THAT(records("t"), ElementsAre("-=1", "-=2", "-=3", "-=4"));
}

TEST_F(LineProducerTest, OfManyBadLinesTheFirstAreNamed) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "x\n1\n";
  const auto produced = produce_text(text);
  ASSERT_FALSE(produced.ok());
  EXPECT_THAT(produced.error().message(), HasSubstr("; and 30 more lines like them; the 40 other"));
  EXPECT_EQ(records("t").size(), 40U);
}

TEST_F(LineProducerTest, ALineWithoutItsKeyIsNamed) {
  const auto produced = produce_text("{\"id\":1}\n{\"ID\":2}\n", {.key = "id"});
  ASSERT_FALSE(produced.ok());
  EXPECT_THAT(produced.error().message(), HasSubstr("line 2: the record has no `id`"));
  EXPECT_THAT(records("t"), ElementsAre("1={\"id\":1}"));
}

TEST_F(LineProducerTest, ABodyThatBreaksOffIsAnError) {
  Pieces body({"1\n2"}, true);
  const auto produced = produce_lines(*instance_, "t", {}, body);
  ASSERT_FALSE(produced.ok());
  EXPECT_EQ(produced.error().domain(), ErrorDomain::kExternal);
  EXPECT_THAT(records("t"), ElementsAre("-=1")) << "never a part of a line";
}

TEST_F(LineProducerTest, RefusesWhatNoTopicIsCalled) {
  Pieces body({"1\n"});
  EXPECT_FALSE(produce_lines(*instance_, "a/b", {}, body).ok());
  Pieces other({"1\n"});
  EXPECT_FALSE(produce_lines(*instance_, "t", {.key = "a["}, other).ok());
}

}  // namespace
}  // namespace leat::node
