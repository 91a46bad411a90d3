#include "base/text/control_characters.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(ControlCharacters, AreWrittenOut) {
  EXPECT_EQ(without_control_characters("a\x1b]0;owned\x07 \x1b[2J\r\x7f"),
            "a\\x1b]0;owned\\x07 \\x1b[2J\\x0d\\x7f");
  EXPECT_EQ(without_control_characters("\xc2\x9b"
                                       "31m"),
            "\\x9b31m");  // CSI of C1
  EXPECT_EQ(without_control_characters(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(ControlCharacters, TextsStayAsTheyAre) {
  for (const char* text :
       {"", "one\n\ttwo", "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80", "\xc2\xa0"}) {
    EXPECT_EQ(without_control_characters(text), text);
  }
  EXPECT_EQ(without_control_characters("a\xff"
                                       "b\x9b"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

}  // namespace
}  // namespace leat
