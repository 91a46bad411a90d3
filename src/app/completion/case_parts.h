// What the scripts for bash and zsh are made of: `case` statements over the command so far.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/completion/command_tree.h"

namespace leat::app {

// Branches of three `case` statements, in the words of one shell.
struct CaseParts {
  std::string commands;  // the patterns of all words that lead to another command
  std::string values;    // "$command $previous": the value of an option
  std::string next;      // "$command": what may stand next
};

// What one shell says of a value or a command.
struct CaseWords {
  std::string_view separator;                      // between patterns
  std::string_view branch;                         // fmt of a branch: its patterns, what it does
  std::function<std::string(const Value&)> offer;  // a command that offers it; empty: nothing
  std::function<std::string(const CommandEntry&)> next;
};

CaseParts case_parts(const CommandEntry& root, const CaseWords& words);

}  // namespace leat::app
