#include "app/terminal/style.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <map>

namespace leat::terminal {
namespace {

class ScreenTest : public testing::Test {
 protected:
  void SetUp() override {
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal_ < 0) GTEST_SKIP() << "no pseudo-terminals here";
    ASSERT_EQ(::pipe(pipe_), 0);
  }
  void TearDown() override {
    for (const int descriptor : {terminal_, pipe_[0], pipe_[1]}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  Screen on_terminal(const std::map<std::string, std::string>& environment) {
    return look(terminal_, environment);
  }
  Screen on_pipe(const std::map<std::string, std::string>& environment) {
    return look(pipe_[1], environment);
  }

 private:
  static Screen look(int descriptor, const std::map<std::string, std::string>& environment) {
    return screen_of(descriptor, [&](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    });
  }
  int terminal_ = -1;
  int pipe_[2] = {-1, -1};
};

TEST_F(ScreenTest, a_terminal_has_colour_and_a_pipe_has_not) {
  EXPECT_TRUE(on_terminal({{"TERM", "xterm"}}).terminal);
  EXPECT_TRUE(on_terminal({{"TERM", "xterm"}}).colour);
  EXPECT_FALSE(on_pipe({{"TERM", "xterm"}}).terminal);
  EXPECT_FALSE(on_pipe({{"TERM", "xterm"}}).colour);
}

TEST_F(ScreenTest, dumb_terminals_are_none) {
  EXPECT_FALSE(on_terminal({{"TERM", "dumb"}}).terminal);
  EXPECT_FALSE(on_terminal({{"TERM", "dumb"}}).colour);
  EXPECT_FALSE(on_terminal({}).terminal);
}

TEST_F(ScreenTest, no_color_wins_over_everything) {
  EXPECT_FALSE(on_terminal({{"TERM", "xterm"}, {"NO_COLOR", "1"}}).colour);
  EXPECT_TRUE(on_terminal({{"TERM", "xterm"}, {"NO_COLOR", "1"}}).terminal);
  EXPECT_TRUE(on_terminal({{"TERM", "xterm"}, {"NO_COLOR", ""}}).colour);
  EXPECT_FALSE(on_pipe({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}).colour);
}

TEST_F(ScreenTest, colour_can_be_forced_into_a_pipe) {
  EXPECT_TRUE(on_pipe({{"CLICOLOR_FORCE", "1"}}).colour);
  EXPECT_FALSE(on_pipe({{"CLICOLOR_FORCE", "0"}}).colour);
  EXPECT_FALSE(on_pipe({{"CLICOLOR_FORCE", "1"}}).terminal);
}

TEST_F(ScreenTest, columns_overrides_the_width) {
  EXPECT_EQ(on_pipe({{"COLUMNS", "132"}}).width, 132u);
  EXPECT_EQ(on_pipe({{"COLUMNS", "x"}}).width, 80u);
}

TEST(Painted, only_on_a_screen_with_colour) {
  EXPECT_EQ(painted("a", Colour::kRed, Screen{.terminal = true, .colour = true}),
            "\x1b[31ma\x1b[0m");
  EXPECT_EQ(painted("a", Colour::kRed, Screen{}), "a");
  EXPECT_EQ(painted("", Colour::kRed, Screen{.terminal = true, .colour = true}), "");
}

}  // namespace
}  // namespace leat::terminal
