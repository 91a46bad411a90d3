#include "app/terminal/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>

namespace leat::terminal {
namespace {

TEST(StandardOutput, what_arrives_is_no_failure) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    StandardOutput output(ends[1]);
    std::cout << "a" << 1 << std::flush << std::string(100, 'b');
    EXPECT_EQ(exit_code_after(output, 3), 3);
    EXPECT_TRUE(std::cout.good());
  }
  char got[200];
  EXPECT_EQ(::read(ends[0], got, sizeof got), 102);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(StandardOutput, what_does_not_arrive_is_an_error) {
  const int full = ::open("/dev/full", O_WRONLY);
  {
    StandardOutput output(full);
    std::cout << "small";
    EXPECT_EQ(exit_code_after(output, 0), 1);
    EXPECT_EQ(exit_code_after(output, 2), 2);
  }
  {
    StandardOutput output(full);
    std::cout << std::string(100'000, 'x');
    EXPECT_FALSE(std::cout.good()) << "whoever writes much can stop";
    EXPECT_EQ(output.finish(), ENOSPC);
  }
  std::cout.clear();
  ::close(full);
}

TEST(StandardOutput, a_reader_that_has_had_enough_is_none) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  {
    StandardOutput output(ends[1]);
    std::cout << std::string(100'000, 'x');
    EXPECT_FALSE(std::cout.good());
    EXPECT_EQ(exit_code_after(output, 0), 0);
  }
  std::cout.clear();
  ::close(ends[1]);
}

}  // namespace
}  // namespace leat::terminal
