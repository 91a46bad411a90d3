#include <fmt/format.h>

#include "app/completion/case_parts.h"
#include "app/completion/scripts.h"

namespace leat::app {
namespace {

// The command that offers a value.
std::string offer_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kDirectory:
      return "_files -/";
    case ValueKind::kChoice: {
      std::vector<std::string> quoted;
      quoted.reserve(value.choices.size());
      for (const std::string& choice : value.choices) quoted.push_back(single_quoted(choice));
      return "compadd -- " + joined(quoted);
    }
    case ValueKind::kText:
    case ValueKind::kNone:
      break;
  }
  return "";
}

std::string described(const std::string& name, const std::string& help) {
  return "        " + single_quoted(help.empty() ? name : name + ':' + help) + '\n';
}

std::string next_words(const CommandEntry& command) {
  std::string options;
  for (const OptionEntry& option : command.options) {
    for (const std::string& name : option.names) options += described(name, option.help);
  }
  std::string next =
      fmt::format("    ({})\n      options=(\n{}      )\n", single_quoted(command.path), options);
  if (!command.commands.empty()) {
    next += "      commands=(\n";
    for (const CommandEntry& below : command.commands) next += described(below.name, below.help);
    next += "      )\n";
  } else if (const std::string offer = offer_of(command.argument); !offer.empty()) {
    next += fmt::format("      [[ $PREFIX == -* ]] || {}\n", offer);
  }
  return next + "      ;;\n";
}

}  // namespace

std::string zsh_script(const CommandEntry& root) {
  const CaseParts parts = case_parts(root, {.separator = "|",
                                            .branch = "    ({}) {}return ;;\n",
                                            .offer = offer_of,
                                            .next = next_words});
  return fmt::format(
      R"(#compdef {0}
# Completions of {0} for zsh:
#   {0} completion zsh > "${{fpath[1]}}/_{0}"
_{0}() {{
  local command={0} word
  local -a options commands
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$command $word" in
      ({1}) command+=" $word" ;;
    esac
  done
  case "$command ${{words[CURRENT-1]}}" in
{2}  esac
  case "$command" in
{3}  esac
  (( ${{#commands}} )) && _describe command commands
  [[ $PREFIX == -* ]] && _describe -o option options
}}

if [[ $funcstack[1] == _{0} ]]; then
  _{0} "$@"
else
  compdef _{0} {0}
fi
)",
      root.name, parts.commands, parts.values, parts.next);
}

}  // namespace leat::app
