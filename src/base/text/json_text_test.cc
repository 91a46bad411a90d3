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

}  // namespace
}  // namespace leat
