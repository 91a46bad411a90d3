#include "app/commands/program.h"

#include "app/version.h"

namespace leat::app {

void add_commands(CLI::App& program, Action& action) {
  program.footer(
      "Examples:\n"
      "  leat run examples/user_automation.yaml --once\n"
      "  leat sql \"SELECT * FROM spark_streams.created_users LIMIT 5\"\n"
      "  leat topic consume users_created --from beginning --count 3\n"
      "Every command has its own --help.");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string("leat ") + kVersion);
  program.set_help_all_flag("--help-all", "The help of every command");
  add_run_command(program, action);
  add_validate_command(program, action);
  add_pipeline_schema_command(program, action);
  add_runs_command(program, action);
  add_sql_command(program, action);
  add_topic_command(program, action);
  add_dlq_command(program, action);
  add_repair_command(program, action);
  add_mock_api_command(program, action);
  add_completion_command(program, action);
  add_version_command(program, action);
}

}  // namespace leat::app
