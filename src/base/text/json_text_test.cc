#include "base/text/json_text.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(written("plain Öymen"), "\"plain Öymen\"");
  EXPECT_EQ(written("say \"hi\" \\ \n\t\r"), R"("say \"hi\" \\ \n\t\r")");
  EXPECT_EQ(written(std::string_view("\x01\0", 2)), R"("\u0001\u0000")");
  EXPECT_EQ(written(""), "\"\"");
}

TEST(AppendJsonString, ReplacesWhatIsNoText) {
  EXPECT_EQ(written("a\xff"
                    "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(written("\xC3"), "\"\xEF\xBF\xBD\"");
}

TEST(IsJsonNumber, TakesWhatJsonWrites) {
  for (const char* text :
       {"0", "-0", "7", "-1.50", "1e3", "1E+3", "0.0e-10", "12345678901234567890"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const char* text : {"", "-", "007", "-01", "+1", ".5", "1.", "1e", "1e+", "NaN", "inf",
                           "0x1", "1 ", " 1", "1,5", "true"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
}

}  // namespace
}  // namespace leat
