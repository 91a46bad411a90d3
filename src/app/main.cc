// The program `leat`.
#include <csignal>

#include "app/commands/command.h"
#include "app/commands/mistyped.h"
#include "app/version.h"

namespace {

int run_program(int argc, char** argv) {
  CLI::App program("From API to table, exactly once, in one process.", "leat");
  program.footer(
      "Examples:\n"
      "  leat run examples/user_automation.yaml --once\n"
      "  leat sql \"SELECT * FROM spark_streams.created_users LIMIT 5\"\n"
      "  leat topic consume users_created --from beginning --count 3\n"
      "Every command has its own --help.");
  program.require_subcommand(1);
  program.set_help_all_flag("--help-all", "The help of every command");
  leat::app::Action action;
  leat::app::add_run_command(program, action);
  leat::app::add_validate_command(program, action);
  leat::app::add_pipeline_schema_command(program, action);
  leat::app::add_runs_command(program, action);
  leat::app::add_sql_command(program, action);
  leat::app::add_topic_command(program, action);
  leat::app::add_dlq_command(program, action);
  leat::app::add_mock_api_command(program, action);
  leat::app::add_completion_command(program, action);
  leat::app::add_version_command(program, action);
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    return leat::app::report_mistyped(program, {argv + 1, argv + argc}, error.what());
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  return run_program(argc, argv);
}
