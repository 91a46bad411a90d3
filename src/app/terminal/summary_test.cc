#include "app/terminal/summary.h"

#include <gtest/gtest.h>

namespace leat::terminal {
namespace {

TEST(Summary, numbers_to_the_right_words_to_the_left) {
  EXPECT_EQ(summary_table({"task", "fetched", "state"},
                          {{"stream_data", "1,000", "done"}, {"b", "7", "failed: 3"}}, {}),
            "  task         fetched  state\n"
            "  stream_data    1,000  done\n"
            "  b                  7  failed: 3\n");
}

TEST(Summary, without_header_and_with_short_rows) {
  EXPECT_EQ(summary_table({}, {{"a", "1"}, {"long label"}}, {}), "  a           1\n  long label\n");
  EXPECT_EQ(summary_table({}, {}, {}), "");
}

TEST(Summary, colours_take_no_room) {
  const Screen screen{.terminal = true, .colour = true};
  EXPECT_EQ(
      summary_table({}, {{painted("ok", Colour::kGreen, screen), "x"}, {"long", "y"}}, screen),
      "  \x1b[32mok\x1b[0m    x\n  long  y\n");
}

}  // namespace
}  // namespace leat::terminal
