#include "pipeline/dead_letter/letter_news.h"

#include <gmock/gmock.h>

#include <vector>

#include "base/logging.h"

namespace leat::pipeline {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string>& said() {
  static std::vector<std::string> lines;
  return lines;
}

class LetterNewsTest : public testing::Test, public Clock {
 protected:
  LetterNewsTest() {
    said().clear();
    set_log_sink([](LogLevel, std::string_view line) { said().emplace_back(line); });
  }
  ~LetterNewsTest() override { set_log_sink(nullptr); }
  Micros now() const override { return 0; }
  std::chrono::steady_clock::time_point steady_now() const override { return now_; }
  bool sleep_for(std::chrono::microseconds, std::stop_token) override { return true; }
  std::vector<std::string> told() { return std::exchange(said(), {}); }

  std::chrono::steady_clock::time_point now_;
  LetterNews news_{"stream paid", *this};
};

TEST(LetterReason, leaves_out_what_differs_from_record_to_record) {
  EXPECT_EQ(letter_reason(R"(Could not convert string "1200,00" to DECIMAL(10,2))"),
            letter_reason(R"(Could not convert string "x" to DECIMAL(10,2))"));
  EXPECT_EQ(letter_reason("line 17 is too long"), letter_reason("line 4 is too long"));
  EXPECT_NE(letter_reason("the field `a` is text"), letter_reason("the field `b` is text"));
  EXPECT_NE(letter_reason("'x' is no INT32"), letter_reason("'x' is no INT64"));
  EXPECT_NE(letter_reason("column n1 is text"), letter_reason("column n22 is text"));
  EXPECT_EQ(letter_reason("first\nsecond\x1b["), "first...");
}

TEST_F(LetterNewsTest, the_first_of_each_reason_is_told_at_once) {
  news_.add("orders-0@1", "no number: 'a'");
  EXPECT_THAT(told(), ElementsAre(HasSubstr(
                          "stream paid: orders-0@1 is a dead letter: no number: 'a'; see `leat "
                          "dlq list`")));
  news_.add("orders-0@2", "no number: 'b'");
  EXPECT_THAT(told(), IsEmpty());
  news_.add("orders-0@3", "not UTF-8");
  EXPECT_THAT(told(), ElementsAre(HasSubstr("orders-0@3")));
}

TEST_F(LetterNewsTest, the_others_are_told_by_number_and_less_and_less_often) {
  for (int i = 0; i < 5; ++i) news_.add("p", "no number: 'a'");
  told();
  news_.tell();
  EXPECT_THAT(told(), IsEmpty());
  now_ += seconds(1);
  news_.tell();
  EXPECT_THAT(told(), ElementsAre(HasSubstr("stream paid: 4 more dead letters: no number: 'a'")));
  news_.tell();
  EXPECT_THAT(told(), IsEmpty());
  size_t lines = 0;
  for (int second = 0; second < 600; ++second) {
    news_.add("p", "no number: 'a'");
    now_ += seconds(1);
    news_.tell();
    lines += told().size();
  }
  EXPECT_GT(lines, 10U);
  EXPECT_LT(lines, 20U);
  news_.add("p", "no number: 'a'");
  news_.tell(true);
  EXPECT_THAT(told(), ElementsAre(HasSubstr("more dead letter")));
}

TEST_F(LetterNewsTest, reasons_without_end_are_told_as_one) {
  for (char c = 'a'; c <= 'z'; ++c) news_.add("p", std::string(1, c));
  EXPECT_EQ(told().size(), 20U);
  news_.tell(true);
  EXPECT_THAT(told(), ElementsAre(HasSubstr("6 more dead letters: of other reasons")));
}

TEST_F(LetterNewsTest, no_record_works_the_terminal) {
  news_.add("p\x1b[2J", "bad \x1b]0;title\x07 value");
  EXPECT_THAT(told(), ElementsAre(Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace leat::pipeline
