#include "pipeline/dead_letter/task_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "pipeline/log_for_test.h"

namespace leat::pipeline {
namespace {

using ::testing::HasSubstr;

TaskLetter letter_with(std::string bytes) {
  return {.pipeline = "p",
          .task = "fetch",
          .run = "r1",
          .batch = 3,
          .index = 4,
          .origin = "http://api/?page=3",
          .error = "results[4]: not an object",
          .bytes = std::move(bytes),
          .at = 1'795'253'400'000'001};
}

void commit_letter(log::Log& log, const TaskLetter& letter, bool tombstone = false) {
  auto writer = std::move(log.open_writer("w")).value();
  const std::string key = letter.key();
  const std::string value = letter.to_json();
  log::NewRecord record{.key = key, .value = value, .timestamp_ms = 1};
  if (tombstone) record.value.reset();
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->append({kTaskLettersTopic, 0}, {&record, 1}).ok());
  ASSERT_TRUE(writer->commit().ok());
}

TEST(TaskLetter, SurvivesItsJson) {
  const TaskLetter letter = letter_with("{\"a\":1}");
  const auto again = TaskLetter::from_json(letter.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->key(), "p.fetch/r1/3/4");
  EXPECT_EQ(again->key(), letter.key());
  EXPECT_EQ(again->origin, letter.origin);
  EXPECT_EQ(again->error, letter.error);
  EXPECT_EQ(again->bytes, letter.bytes);
  EXPECT_EQ(again->at, letter.at);
}

TEST(TaskLetter, KeepsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string pairs = "\xc3\xa9 \xc3 \xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xed\xa0\x80";
  for (const std::string& bytes : {all, pairs, std::string(), std::string("\xff"),
                                   std::string("\0\0", 2), std::string("\\u0000\"\n")}) {
    const auto again = TaskLetter::from_json(letter_with(bytes).to_json());
    ASSERT_TRUE(again.ok()) << again.error().to_string();
    EXPECT_EQ(again->bytes, bytes);
  }
}

TEST(TaskLetter, KeepsRandomBytes) {
  std::mt19937 random(7);  // NOLINT(*-msc51-*): the same bytes in every run
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const auto again = TaskLetter::from_json(letter_with(bytes).to_json());
    ASSERT_TRUE(again.ok()) << again.error().to_string();
    ASSERT_EQ(again->bytes, bytes);
  }
}

TEST(TaskLetter, AnErrorThatIsNoUtf8DoesNotLoseTheLetter) {
  TaskLetter letter = letter_with("x");
  letter.error = "bad byte \xff";
  const auto again = TaskLetter::from_json(letter.to_json());
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->error, HasSubstr("bad byte "));
}

TEST(TaskLetter, RefusesANewerFormatAndWhatIsNone) {
  std::string json = letter_with("x").to_json();
  json.replace(json.find("\"version\":1"), 11, "\"version\":2");
  EXPECT_THAT(TaskLetter::from_json(json).error().message(), HasSubstr("newer Leat"));
  EXPECT_EQ(TaskLetter::from_json("{}").error().domain(), ErrorDomain::kInternal);
  EXPECT_EQ(TaskLetter::from_json("").error().domain(), ErrorDomain::kInternal);
}

TEST(ReadTaskLetters, GivesThoseThatAreLeft) {
  test::TestLog log;
  EXPECT_TRUE(read_task_letters(*log).value().empty());
  TaskLetter first = letter_with("1");
  TaskLetter second = letter_with("2");
  second.index = 5;
  commit_letter(*log, second);
  commit_letter(*log, first);
  EXPECT_EQ(read_task_letters(*log).value().size(), 2U);
  first.error = "another";
  commit_letter(*log, first);
  commit_letter(*log, second, true);
  log.reopen();
  const auto left = read_task_letters(*log).value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes, "1");
  EXPECT_EQ(left[0].error, "another");
}

}  // namespace
}  // namespace leat::pipeline
