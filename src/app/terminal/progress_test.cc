#include "app/terminal/progress.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "base/temporary_directory.h"

namespace leat::terminal {
namespace {

using std::chrono::milliseconds;

ProgressLine task(ProgressState state, uint64_t records) {
  return {.name = "fetch",
          .kind = "task",
          .state = state,
          .records = records,
          .rate = 1234,
          .lag = std::nullopt,
          .message = ""};
}
ProgressLine stream(uint64_t records, uint64_t lag) {
  return {.name = "created_users",
          .kind = "stream",
          .state = ProgressState::kRunning,
          .records = records,
          .rate = 5,
          .lag = lag,
          .message = "epoch 3"};
}

TEST(RenderProgress, lines_are_aligned) {
  const auto lines = render_progress({task(ProgressState::kDone, 12345), stream(7, 1000)},
                                     Screen{.terminal = true, .width = 100}, 0);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "✓ task   fetch          done      12,345 records");
  EXPECT_EQ(lines[1],
            "⠋ stream created_users  running        7 records       5/s  lag 1,000  epoch 3");
}

TEST(RenderProgress, lines_never_fill_the_row) {
  ProgressLine line = stream(7, 1000);
  line.message = std::string(200, 'm') + "\n";
  const auto lines = render_progress({line}, Screen{.terminal = true, .width = 60}, 0);
  EXPECT_TRUE(lines[0].ends_with("…"));
  EXPECT_EQ(lines[0].find('\n'), std::string::npos);
}

TEST(RenderProgress, a_rate_is_shown_once_it_is_measured) {
  ProgressLine line = stream(7, 1000);
  line.rate = std::nullopt;
  line.message = "";
  EXPECT_EQ(render_progress({line}, Screen{.terminal = true, .width = 100}, 0)[0],
            "⠋ stream created_users  running   7 records            lag 1,000");
  EXPECT_EQ(PlainProgress().update({line}, {})[0],
            "stream created_users: running, 7 records, lag 1,000");
  line.rate = 0;
  EXPECT_EQ(PlainProgress().update({line}, {})[0],
            "stream created_users: running, 7 records, 0/s, lag 1,000");
}

TEST(RenderProgress, letters_and_what_comes_next_are_shown) {
  ProgressLine line = task(ProgressState::kWaiting, 0);
  line.dead_letters = 1;
  line.next = "next at noon";
  EXPECT_EQ(render_progress({line}, Screen{.terminal = true, .width = 100}, 0)[0],
            "· task fetch  waiting   0 records            1 dead letter  next at noon");
  PlainProgress plain;
  EXPECT_EQ(plain.update({line}, {})[0],
            "task fetch: waiting, 0 records, 1 dead letter, next at noon");
  line.next = "next at one";
  EXPECT_TRUE(plain.update({line}, {}).empty()) << "would be told at every interval";
}

TEST(PlainProgress, the_first_dead_letter_is_told_at_once) {
  PlainProgress plain;
  ProgressLine line = stream(7, 0);
  plain.update({line}, {});
  line.dead_letters = 2;
  EXPECT_EQ(plain.update({line}, {}).size(), 1u);
  line.dead_letters = 3;
  EXPECT_EQ(plain.update({line}, {}).size(), 0u);
}

TEST(PlainProgress, tells_new_states_at_once_and_numbers_later) {
  PlainProgress plain;
  std::chrono::steady_clock::time_point now{};
  const auto told = [&](ProgressState state, uint64_t records) {
    const auto news = plain.update({task(state, records)}, now);
    return news.empty() ? "" : news[0];
  };
  EXPECT_EQ(told(ProgressState::kWaiting, 0), "");
  EXPECT_EQ(told(ProgressState::kRunning, 0), "task fetch: running, 0 records, 1.2 k/s");
  now += milliseconds(500);
  EXPECT_EQ(told(ProgressState::kRunning, 10), "");
  now += milliseconds(500);
  EXPECT_EQ(told(ProgressState::kRunning, 20), "task fetch: running, 20 records, 1.2 k/s");
  now += milliseconds(5000);
  EXPECT_EQ(told(ProgressState::kRunning, 20), "");
  EXPECT_EQ(told(ProgressState::kDone, 20), "task fetch: done, 20 records");
  EXPECT_TRUE(plain.finish({task(ProgressState::kDone, 20)}).empty());
  EXPECT_EQ(plain.finish({task(ProgressState::kDone, 21)}).size(), 1u);
}

TEST(PlainProgress, what_goes_on_for_ever_is_told_once_a_minute) {
  PlainProgress plain;
  std::chrono::steady_clock::time_point now{};
  size_t lines = 0;
  for (uint64_t second = 0; second < 3600; ++second) {
    for (const auto state : {ProgressState::kRunning, ProgressState::kDone}) {
      lines += plain.update({task(state, second), stream(second, 0)}, now).size();
      now += milliseconds(500);
    }
  }
  EXPECT_GT(lines, 100u);
  EXPECT_LT(lines, 150u);
}

TEST(PlainProgress, trouble_is_told_every_time) {
  PlainProgress plain;
  std::chrono::steady_clock::time_point now{};
  for (int i = 0; i < 5; ++i) {
    plain.update({task(ProgressState::kRunning, 0)}, now);
    EXPECT_EQ(plain.update({task(ProgressState::kRetrying, 0)}, now).size(), 1u);
    EXPECT_EQ(plain.update({task(ProgressState::kRetrying, 0)}, now).size(), 0u);
    plain.update({task(ProgressState::kDone, 1)}, now);
    now += milliseconds(2000);
  }
}

class ProgressDisplayTest : public testing::Test {
 protected:
  void SetUp() override {
    file_ = std::fopen((directory_.path() / "out").c_str(), "w");
    ASSERT_NE(file_, nullptr);
  }
  void TearDown() override { std::fclose(file_); }
  int descriptor() { return ::fileno(file_); }
  std::string written() {
    std::stringstream text;
    text << std::ifstream(directory_.path() / "out").rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
  std::FILE* file_ = nullptr;
};

TEST_F(ProgressDisplayTest, a_terminal_is_redrawn_and_logs_stand_above) {
  std::atomic<uint64_t> records = 0;
  ProgressDisplay display(descriptor(), Screen{.terminal = true, .width = 80},
                          [&] { return std::vector{task(ProgressState::kRunning, records)}; });
  while (written().find("0 records") == std::string::npos) std::this_thread::yield();
  log_error("something happened");
  records = 42;
  display.finish();
  display.finish();
  const std::string text = written();
  const size_t log = text.find("error something happened\n");
  ASSERT_NE(log, std::string::npos) << text;
  // The block before is erased, the line takes its place, and the block follows.
  const size_t erased = text.rfind("\x1b[1A\r\x1b[J", log);
  ASSERT_NE(erased, std::string::npos);
  EXPECT_EQ(text.find('\n', erased), text.find('\n', log));
  EXPECT_NE(text.find(" task fetch", log), std::string::npos);
  EXPECT_NE(text.rfind("42 records"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\n"));
}

TEST_F(ProgressDisplayTest, a_low_terminal_shows_what_fits_and_all_at_the_end) {
  std::vector<ProgressLine> lines;
  for (int i = 0; i < 10; ++i) {
    lines.push_back(task(ProgressState::kRunning, 0));
    lines.back().name = fmt::format("task{}", i);
  }
  ProgressDisplay display(descriptor(), Screen{.terminal = true, .width = 80, .height = 6},
                          [&] { return lines; });
  while (written().find("and 7 more\n") == std::string::npos) std::this_thread::yield();
  EXPECT_EQ(written().find("task9"), std::string::npos);
  display.finish();
  EXPECT_NE(written().find("task9"), std::string::npos);
}

TEST_F(ProgressDisplayTest, elsewhere_lines_are_plain) {
  {
    ProgressDisplay display(descriptor(), Screen{},
                            [] { return std::vector{task(ProgressState::kDone, 3)}; });
    while (written().empty()) std::this_thread::yield();
  }
  EXPECT_THAT(written(),
              testing::MatchesRegex("20..-..-..T..:..:..[.0-9]*Z task fetch: done, 3 records\n"));
}

}  // namespace
}  // namespace leat::terminal
