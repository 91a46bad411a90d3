#include "app/commands/mistyped.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/commands/exit_code.h"

namespace leat::app {
namespace {

using ::testing::HasSubstr;

class MistypedTest : public testing::Test {
 protected:
  MistypedTest() {
    auto* run = program_.add_subcommand("run");
    run->add_flag("--once");
    run->add_option("--data");
    auto* topic = program_.add_subcommand("topic");
    topic->add_subcommand("consume")->add_option("--from");
    topic->add_subcommand("produce");
  }
  std::string said(const std::vector<std::string>& arguments) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(report_mistyped(program_, arguments, "what the parser found"), kExitUser);
    return testing::internal::GetCapturedStderr();
  }
  CLI::App program_;
};

TEST_F(MistypedTest, NamesTheNearestCommand) {
  EXPECT_THAT(said({"rnu"}), HasSubstr("unknown command `rnu`; did you mean `run`?"));
  EXPECT_THAT(said({"topic", "consum"}), HasSubstr("did you mean `consume`?"));
  EXPECT_THAT(said({"topic", "consum"}), HasSubstr("`leat topic --help`"));
  EXPECT_THAT(said({"zzzzzzz"}), HasSubstr("unknown command `zzzzzzz`\n"));
}

TEST_F(MistypedTest, NamesTheNearestFlag) {
  EXPECT_THAT(said({"run", "x.yaml", "--onec"}), HasSubstr("unknown flag `--onec`; did you mean"));
  EXPECT_THAT(said({"run", "--onec"}), HasSubstr("`--once`?"));
  EXPECT_THAT(said({"run", "--da=x"}), HasSubstr("unknown flag `--da`; did you mean `--data`?"));
  EXPECT_THAT(said({"topic", "consume", "t", "--form", "1"}), HasSubstr("`--from`?"));
}

TEST_F(MistypedTest, SaysThatACommandIsMissing) {
  EXPECT_THAT(said({"topic"}), HasSubstr("a command is missing: consume, produce"));
  EXPECT_THAT(said({}), HasSubstr("a command is missing: run, topic"));
}

TEST_F(MistypedTest, ElseSaysWhatTheParserFound) {
  EXPECT_THAT(said({"run", "--data", "x"}), HasSubstr("what the parser found"));
  EXPECT_THAT(said({"run"}), HasSubstr("`leat run --help` explains it"));
}

}  // namespace
}  // namespace leat::app
