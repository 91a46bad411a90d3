#include "app/completion/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "base/temporary_directory.h"

namespace leat::app {
namespace {

// A program with everything that the generators distinguish.
struct Program {
  Program() {
    CLI::App* run = app.add_subcommand("run", "Run pipelines; it's the main thing\nmore");
    run->add_option("PIPELINE.yaml", files, "Files");
    run->add_option("--data,-d", data, "The data directory")->type_name("DIR");
    run->add_option("--set", set, "NAME=VALUE");
    run->add_flag("--once", once, "Until drained");
    CLI::App* sql = app.add_subcommand("sql", "Query");
    sql->add_option("--format", format, "Format")->check(CLI::IsMember({"table", "csv", "json"}));
    sql->add_option("--key", key, "Where")->type_name("JSONPATH");
    CLI::App* topic = app.add_subcommand("topic", "Topics");
    topic->add_subcommand("list", "List them");
    topic->add_subcommand("describe", "One of them");
    app.add_subcommand("hidden", "")->group("");
  }
  CLI::App app{"A program", "leat"};
  std::vector<std::string> files;
  std::string data, set, format, key;
  bool once = false;
};

class BashTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("bash -c 'exit 0' 2>/dev/null") != 0) GTEST_SKIP() << "bash is not here";
    std::ofstream(directory_.path() / "script") << completion_script(Program().app, Shell::kBash);
    std::ofstream(directory_.path() / "pipe line.yaml") << "";
    std::ofstream(directory_.path() / "plain.yaml") << "";
    std::filesystem::create_directory(directory_.path() / "place");
  }

  // What bash offers for the last of the words, in the order it does, separated by '|'.
  std::string offered(std::vector<std::string> words) {
    std::string quoted;
    for (const std::string& word : words) quoted += "'" + word + "' ";
    const std::string command = fmt::format(
        "cd '{}' && bash -c \"source ./script; COMP_WORDS=({}); COMP_CWORD={}; _leat; "
        "(IFS='|'; echo \\\"\\${{COMPREPLY[*]}}\\\")\" > out 2>&1",
        directory_.path().native(), quoted, words.size() - 1);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::string line;
    std::ifstream out(directory_.path() / "out");
    std::getline(out, line);
    return line;
  }

  TemporaryDirectory directory_;
};

TEST_F(BashTest, commands) {
  EXPECT_EQ(offered({"leat", ""}), "run|sql|topic");
  EXPECT_EQ(offered({"leat", "s"}), "sql");
  EXPECT_EQ(offered({"leat", "topic", ""}), "list|describe");
  EXPECT_EQ(offered({"leat", "nonsense", ""}), "run|sql|topic");
  EXPECT_EQ(offered({"leat", "topic", "list", ""}), "");
}

TEST_F(BashTest, options) {
  EXPECT_EQ(offered({"leat", "-"}), "--help|-h");
  EXPECT_EQ(offered({"leat", "run", "--"}), "--help|--data|--set|--once");
  EXPECT_EQ(offered({"leat", "run", "--once", "--da"}), "--data");
}

TEST_F(BashTest, values) {
  EXPECT_EQ(offered({"leat", "sql", "--format", ""}), "table|csv|json");
  EXPECT_EQ(offered({"leat", "sql", "--format", "c"}), "csv");
  EXPECT_EQ(offered({"leat", "sql", "--key", "p"}), "");
  EXPECT_EQ(offered({"leat", "run", "--set", "p"}), "");
  EXPECT_EQ(offered({"leat", "run", "--data", "p"}), "place");
  EXPECT_EQ(offered({"leat", "run", "-d", "pl"}), "place");
}

TEST_F(BashTest, files) {
  EXPECT_EQ(offered({"leat", "run", "pi"}), "pipe line.yaml");
  EXPECT_EQ(offered({"leat", "run", "--once", "x.yaml", "plai"}), "plain.yaml");
}

TEST(Completion, zsh_names_commands_options_and_help) {
  const std::string script = completion_script(Program().app, Shell::kZsh);
  EXPECT_TRUE(script.starts_with("#compdef leat\n"));
  for (const char* part :
       {"'run:Run pipelines; it'\\''s the main thing'\n", "'--data:The data directory'\n",
        "('leat run --data'|'leat run -d') _files -/; return ;;",
        "('leat sql --format') compadd -- 'table' 'csv' 'json'; return ;;",
        "('leat run --set') return ;;", "[[ $PREFIX == -* ]] || _files\n"}) {
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
  }
  EXPECT_EQ(script.find("hidden"), std::string::npos);
}

TEST(Completion, fish_names_commands_options_and_help) {
  const std::string script = completion_script(Program().app, Shell::kFish);
  for (const char* part :
       {"-a run -d 'Run pipelines; it\\'s the main thing'\n",
        "-l data -s d -x -a '(__fish_complete_directories)' -d 'The data directory'\n",
        "-l format -x -a 'table csv json' -d 'Format'\n", "-l once -d 'Until drained'\n",
        "complete -c leat -n 'test (__leat_command) = \"leat run\"' -F\n"}) {
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
  }
  EXPECT_EQ(script.find("hidden"), std::string::npos);
}

TEST(Completion, shells_by_name) {
  EXPECT_EQ(*parse_shell("zsh"), Shell::kZsh);
  ASSERT_FALSE(parse_shell("tcsh").ok());
  EXPECT_EQ(parse_shell("tcsh").error().message(),
            "'tcsh' is not a shell with completions: bash, zsh or fish");
}

}  // namespace
}  // namespace leat::app
