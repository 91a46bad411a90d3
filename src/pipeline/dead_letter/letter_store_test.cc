#include "pipeline/dead_letter/letter_store.h"

#include <gmock/gmock.h>

#include "base/temporary_directory.h"
#include "pipeline/dead_letter/letters_for_test.h"
#include "pipeline/epoch/outbox.h"
#include "pipeline/epoch/state_store.h"
#include "store/query_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LetterStoreTest : public testing::Test {
 protected:
  LetterStoreTest() { reopen(); }

  void reopen() {
    connection_.reset();
    database_.reset();
    database_ = std::move(store::Database::open(directory_.path() / "p.duckdb")).value();
    connection_ = std::move(database_->connect()).value();
    ASSERT_TRUE(StateStore(*connection_).open().ok());
  }
  LetterStore store() { return LetterStore(*connection_); }
  std::vector<StreamLetter> letters() { return test::all_letters(*connection_); }

  static StreamLetter letter(int64_t offset, int64_t row = 0) {
    return {.stream = "s",
            .sink = "table:x",
            .topic = "t",
            .partition = 2,
            .offset = offset,
            .row = row,
            .stage = "sink",
            .error = "it's \"bad\"",
            .key = std::string("\x00\xff k", 4),
            .value = std::nullopt,
            .timestamp_ms = -1,
            .at = 1'795'253'400'000'001};
  }
  static StreamLetter record(const std::string& stream, int32_t partition, int64_t offset) {
    StreamLetter made = letter(offset);
    made.stream = stream;
    made.sink.clear();
    made.stage = "query";
    made.partition = partition;
    return made;
  }

  // The names of the letters, page by page.
  std::vector<std::vector<std::string>> pages(const LetterFilter& filter,
                                              const LetterLimits& limits) {
    std::vector<std::vector<std::string>> all;
    std::optional<StreamLetter> after;
    EXPECT_TRUE(connection_->begin().ok());
    while (true) {
      const auto page = store().select(filter, after, limits);
      EXPECT_TRUE(page.ok()) << page.error().to_string();
      if (!page.ok() || page->empty()) break;
      auto& names = all.emplace_back();
      for (const auto& each : *page) names.push_back(each.name());
      after = StreamLetter::of_name(page->back().name());
    }
    connection_->rollback();
    return all;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
};

TEST_F(LetterStoreTest, LettersKeepEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  StreamLetter first = letter(7);
  StreamLetter second = letter(3);
  second.key = std::nullopt;
  second.value = all;
  StreamLetter third = letter(3, 1);
  third.value = "";
  ASSERT_TRUE(store().add({first, second, third}).ok());
  ASSERT_TRUE(store().add({}).ok());
  reopen();
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].offset, 3);
  EXPECT_EQ(kept[0].key, std::nullopt);
  EXPECT_EQ(kept[0].value, all);
  EXPECT_EQ(kept[1].row, 1);
  EXPECT_EQ(kept[1].value, "");
  EXPECT_EQ(kept[2].key, first.key);
  EXPECT_EQ(kept[2].value, std::nullopt);
  EXPECT_EQ(kept[2].error, first.error);
  EXPECT_EQ(kept[2].stage, "sink");
  EXPECT_EQ(kept[2].partition, 2);
  EXPECT_EQ(kept[2].timestamp_ms, -1);
  EXPECT_EQ(kept[2].at, first.at);
}

TEST_F(LetterStoreTest, PagesFollowEachOtherInTheOrderOfLetters) {
  auto far = record("s", 10, 1);
  auto other_topic = record("s", 2, 1);
  other_topic.topic = "a-t";
  ASSERT_TRUE(store()
                  .add({record("t", 0, 5), far, letter(9, 10), letter(9, 2), letter(100),
                        letter(20), record("s", 2, 9), other_topic})
                  .ok());
  const std::vector<std::string> order = {"s/a-t-2@1",          "s/t-2@9",
                                          "s/t-2@9/table:x/2",  "s/t-2@9/table:x/10",
                                          "s/t-2@20/table:x/0", "s/t-2@100/table:x/0",
                                          "s/t-10@1",           "t/t-0@5"};
  EXPECT_THAT(pages({}, {}), ElementsAre(order));
  std::vector<std::string> found;
  for (const auto& page : pages({}, {.letters = 3})) {
    EXPECT_LE(page.size(), 3U);
    found.insert(found.end(), page.begin(), page.end());
  }
  EXPECT_EQ(found, order);
}

TEST_F(LetterStoreTest, APageEndsWhereItsBytesWouldBeTooMany) {
  auto large = record("s", 0, 1);
  large.value = std::string(1000, 'x');
  auto second = large;
  second.offset = 2;
  ASSERT_TRUE(store().add({large, second, record("s", 0, 3), record("s", 0, 4)}).ok());
  EXPECT_THAT(pages({}, {.letters = 10, .bytes = 500}),
              ElementsAre(ElementsAre("s/t-0@1"), ElementsAre("s/t-0@2"),
                          ElementsAre("s/t-0@3", "s/t-0@4")));
}

TEST_F(LetterStoreTest, AFilterMeansWhatItSays) {
  auto other = record("other", 0, 1);
  other.error = "a percent % and a quote '";
  ASSERT_TRUE(store().add({letter(1), record("s", 2, 1), other}).ok());
  using Pages = std::vector<std::vector<std::string>>;
  EXPECT_EQ(pages({.owner = "other"}, {}), Pages({{"other/t-0@1"}}));
  EXPECT_EQ(pages({.stage = "sink"}, {}), Pages({{"s/t-2@1/table:x/0"}}));
  EXPECT_EQ(pages({.error = "% and a quote '"}, {}), Pages({{"other/t-0@1"}}));
  EXPECT_EQ(pages({.error = "nothing"}, {}), Pages());
  EXPECT_EQ(pages({.names = {"s/t-2@1", "s/t-2@2", "other/t-0@1"}}, {}),
            Pages({{"other/t-0@1", "s/t-2@1"}}));
  EXPECT_THAT(store().streams({}).value(), ElementsAre("other", "s"));
  EXPECT_THAT(store().streams({.stage = "sink"}).value(), ElementsAre("s"));
}

TEST_F(LetterStoreTest, RemovesWhatWasReadAndNothingElse) {
  ASSERT_TRUE(store().add({letter(1), letter(1, 1), letter(2)}).ok());
  ASSERT_TRUE(connection_->begin().ok());
  auto read = store().select({}, std::nullopt, {}).value();
  ASSERT_EQ(read.size(), 3U);
  read[1].error = "new";
  ASSERT_TRUE(store().replace({read[1]}).ok());
  ASSERT_TRUE(store().remove({&read[0], 1}).ok());
  const auto again = store().remove({&read[0], 1});
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message(), HasSubstr("1 of 1 dead letters are gone"));
  ASSERT_TRUE(connection_->commit().ok());
  const auto kept = letters();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].error, "new");
  EXPECT_EQ(kept[1].offset, 2);
}

TEST_F(LetterStoreTest, TwoWhoTakeTheSameLetterCannotBothHaveIt) {
  ASSERT_TRUE(store().add({letter(1)}).ok());
  auto second = std::move(database_->connect()).value();
  LetterStore others(*second);
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(second->begin().ok());
  const auto mine = store().select({}, std::nullopt, {}).value();
  const auto theirs = others.select({}, std::nullopt, {}).value();
  ASSERT_TRUE(store().remove(mine).ok());
  ASSERT_TRUE(connection_->commit().ok());
  const bool removed = others.remove(theirs).ok();
  EXPECT_FALSE(removed && second->commit().ok());
  second->rollback();
}

TEST_F(LetterStoreTest, DiscardedLettersStayAsTheirIdentityAndReason) {
  ASSERT_TRUE(store().add({letter(1), letter(2), record("s", 2, 3), record("o", 0, 4)}).ok());
  ASSERT_TRUE(connection_->begin().ok());
  EXPECT_EQ(store()
                .discard({.owner = "s", .names = {"s/t-2@1/table:x/0", "s/t-2@3"}}, "it's old", 7)
                .value(),
            (std::map<std::string, int64_t>{{"", 1}, {"table:x", 1}}));
  EXPECT_EQ(store().discard({.owner = "o"}, "x", 9).value(),
            (std::map<std::string, int64_t>{{"", 1}}));
  ASSERT_TRUE(connection_->commit().ok());
  reopen();
  EXPECT_THAT(letters(), SizeIs(1));
  const auto discarded = store().discarded().value();
  ASSERT_EQ(discarded.size(), 2U);
  EXPECT_EQ(discarded[0].stream, "o");
  EXPECT_EQ(discarded[1].because, "it's old");
  EXPECT_EQ(discarded[1].letters, 2);
  EXPECT_EQ(discarded[1].last, 7);
}

TEST_F(LetterStoreTest, LeavesOutRecordsWithLettersThatWaitOrWereDiscarded) {
  auto elsewhere = record("s", 2, 6);
  elsewhere.topic = "u";
  ASSERT_TRUE(
      store()
          .add({record("s", 2, 3), record("s", 0, 4), letter(5), record("o", 2, 8), elsewhere})
          .ok());
  ASSERT_TRUE(connection_->begin().ok());
  ASSERT_TRUE(store().discard({.names = {"s/t-0@4"}}, "x", 1).ok());
  ASSERT_TRUE(connection_->commit().ok());
  EXPECT_THAT(store().records_left_out("s", "t").value(),
              UnorderedElementsAre(std::pair(0, int64_t{4}), std::pair(2, int64_t{3})));
}

TEST_F(LetterStoreTest, RedrivenLettersStayUntilTheOutboxDoesNotNameThem) {
  Outbox outbox(*connection_);
  const auto both = std::vector<StreamLetter>{record("s", 0, 1), record("s", 0, 2)};
  const OutboxEntry first{.epoch = 4, .redriven = true, .sink = "hdfs:a"};
  const OutboxEntry second{.epoch = 4, .redriven = true, .sink = "hdfs:b"};
  ASSERT_TRUE(store().keep_redriven(4, both).ok());
  ASSERT_TRUE(outbox.add("s", first).ok());
  ASSERT_TRUE(outbox.add("s", second).ok());
  EXPECT_TRUE(outbox.load("s").value().at(0).redriven);
  ASSERT_TRUE(outbox.remove("s", first).ok());
  EXPECT_THAT(store().redriven("s", 4).value(), SizeIs(2));
  EXPECT_THAT(store().redriven("s", 5).value(), IsEmpty());
  ASSERT_TRUE(outbox.remove("s", second).ok());
  EXPECT_THAT(store().redriven("s", 4).value(), IsEmpty());
}

TEST(StreamLetterName, GivesTheIdentityBack) {
  for (const char* name :
       {"s/t-0@5", "s/my-topic.x-12@34", "s/t-0@5/table:a.b/7", "s/t-0@5/hdfs:a/b/c/0"}) {
    const auto letter = StreamLetter::of_name(name);
    ASSERT_TRUE(letter) << name;
    EXPECT_EQ(letter->name(), name);
  }
  for (const char* none : {"", "s", "s/t", "s/t-0", "s/t@0", "s/t-x@1", "s/t-0@5/table:x",
                           "s/t-0@5/table:x/y", "s/t-0@99999999999999999999"}) {
    EXPECT_FALSE(StreamLetter::of_name(none)) << none;
  }
}

}  // namespace
}  // namespace leat::pipeline
