#include <fmt/format.h>

#include "app/completion/case_parts.h"
#include "app/completion/scripts.h"

namespace leat::app {
namespace {

// compgen's arguments for a value.
std::string compgen_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::kFile:
      return "-f";
    case ValueKind::kDirectory:
      return "-d";
    case ValueKind::kChoice:
      return "-W " + single_quoted(joined(value.choices));
    case ValueKind::kText:
    case ValueKind::kNone:
      break;
  }
  return "";
}

// case "$command": what may stand next.
std::string next_words(const CommandEntry& command) {
  std::vector<std::string> options;
  for (const OptionEntry& option : command.options) {
    options.insert(options.end(), option.names.begin(), option.names.end());
  }
  std::vector<std::string> commands;
  commands.reserve(command.commands.size());
  for (const CommandEntry& below : command.commands) commands.push_back(below.name);
  const std::string argument =
      commands.empty() ? compgen_of(command.argument) : "-W " + single_quoted(joined(commands));
  return fmt::format("    {})\n      options={}\n{}      ;;\n", single_quoted(command.path),
                     single_quoted(joined(options)),
                     argument.empty() ? "" : fmt::format("      argument=({})\n", argument));
}

}  // namespace

std::string bash_script(const CommandEntry& root) {
  const std::string offer = "_" + root.name + "_offer ";
  const CaseParts parts = case_parts(root, {.separator = " | ",
                                            .branch = "    {}) {}return ;;\n",
                                            .offer =
                                                [&](const Value& value) {
                                                  const auto compgen = compgen_of(value);
                                                  return compgen.empty() ? "" : offer + compgen;
                                                },
                                            .next = next_words});
  return fmt::format(
      R"(# Completions of {0} for bash:
#   {0} completion bash > ~/.local/share/bash-completion/completions/{0}
_{0}_offer() {{
  [[ $1 == -f || $1 == -d ]] && compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$@" -- "$current")
}}

_{0}() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
  local command={0} options='' argument=() index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; ++index)); do
    case "$command ${{COMP_WORDS[index]}}" in
      {1}) command+=" ${{COMP_WORDS[index]}}" ;;
    esac
  done
  case "$command $previous" in
{2}  esac
  case "$command" in
{3}  esac
  if [[ $current == -* ]]; then
    _{0}_offer -W "$options"
  elif ((${{#argument[@]}})); then
    _{0}_offer "${{argument[@]}}"
  fi
}}

complete -F _{0} {0}
)",
      root.name, parts.commands, parts.values, parts.next);
}

}  // namespace leat::app
