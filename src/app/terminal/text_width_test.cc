#include "app/terminal/text_width.h"

#include <gtest/gtest.h>

namespace leat::terminal {
namespace {

TEST(Printable, data_cannot_command_the_terminal) {
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable("\xC2\x9B"), "\\x9b");  // the one-character CSI
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("Jürgen 日本"), "Jürgen 日本");
}

TEST(Printable, bytes_that_are_no_text) {
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(printable("a\xFFz"), "a" + replaced + "z");
  EXPECT_EQ(printable("\xC3"), replaced);                                // cut off
  EXPECT_EQ(printable("\xC0\x80"), replaced + replaced);                 // overlong
  EXPECT_EQ(printable("\xED\xA0\x80"), replaced + replaced + replaced);  // a surrogate
}

TEST(DisplayWidth, counts_columns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("Jürgen"), 6u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);  // e with a combining acute
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("한글"), 4u);
}

TEST(CutToWidth, keeps_whole_characters) {
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
  EXPECT_EQ(cut_to_width("abcd", 3), "ab…");
  EXPECT_EQ(cut_to_width("日本語", 6), "日本語");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_EQ(cut_to_width("ab", 1), "…");
  EXPECT_EQ(cut_to_width("", 1), "");
}

TEST(PaddedToWidth, fills_by_columns) {
  EXPECT_EQ(padded_to_width("日", 4), "日  ");
  EXPECT_EQ(padded_to_width("12", 4, true), "  12");
  EXPECT_EQ(padded_to_width("日本", 3), "日…");
}

}  // namespace
}  // namespace leat::terminal
