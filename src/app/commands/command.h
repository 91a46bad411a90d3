// What every command shares: how it is declared, how it reports a mistake.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "app/commands/exit_code.h"
#include "base/error.h"
#include "base/file_system.h"
#include "node/instance/instance.h"

namespace leat::app {

// What the parsed command line asks for; returns the exit code.
using Action = std::function<int()>;

// Each adds its command to the program and, when it is the one that was typed, sets the action.
void add_run_command(CLI::App& program, Action& action);
void add_validate_command(CLI::App& program, Action& action);
void add_pipeline_schema_command(CLI::App& program, Action& action);
void add_runs_command(CLI::App& program, Action& action);
void add_repair_command(CLI::App& program, Action& action);
void add_sql_command(CLI::App& program, Action& action);
void add_topic_command(CLI::App& program, Action& action);
void add_dlq_command(CLI::App& program, Action& action);
void add_mock_api_command(CLI::App& program, Action& action);
void add_version_command(CLI::App& program, Action& action);
void add_completion_command(CLI::App& program, Action& action);

// --data DIR, ./leat-data by default.
void add_data_flag(CLI::App& command, Path& data);

// What DuckDB may take, for commands in which queries run.
struct StoreFlags {
  std::string memory;  // a size; empty: the default
  Path spill;
};

// --memory SIZE (LEAT_MEMORY) and --spill DIR (LEAT_SPILL).
void add_store_flags(CLI::App& command, StoreFlags& flags);
// Errors (user): a size that is none, or too small to work with.
Result<node::InstanceOptions> instance_options(const StoreFlags& flags);

// Of an option that takes a whole number, 0 or more.
CLI::Validator whole_number();

// A sub-command with its help; `examples` are lines of a shell.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples);

// "error: …" on standard error; the exit code that fits.
int report(const Error& error);

}  // namespace leat::app
