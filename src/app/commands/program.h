// The program's command line: all commands, their flags and help.
#pragma once

#include "app/commands/command.h"

namespace leat::app {

// Declares everything. Parsing the program then sets `action`, which outlives it.
void add_commands(CLI::App& program, Action& action);

}  // namespace leat::app
