#include <fmt/format.h>

#include "app/completion/scripts.h"

namespace leat::app {
namespace {

// fish knows two escapes between single quotes: \' and \\.
std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

// The arguments of `complete` for a value.
std::string offer_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kDirectory:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kChoice:
      return " -x -a " + fish_quoted(joined(value.choices));
    case ValueKind::kText:
      return " -x";
    case ValueKind::kNone:
      break;
  }
  return "";
}

std::string lines_of(const CommandEntry& command, const std::string& program) {
  const std::string start =
      fmt::format("complete -c {0} -n {1}", program,
                  fish_quoted(fmt::format("test (__{}_command) = \"{}\"", program, command.path)));
  std::string lines;
  for (const OptionEntry& option : command.options) {
    lines += start;
    for (const std::string& name : option.names) {
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    lines += offer_of(option.value) + " -d " + fish_quoted(option.help) + '\n';
  }
  for (const CommandEntry& below : command.commands) {
    lines += fmt::format("{} -a {} -d {}\n", start, below.name, fish_quoted(below.help));
  }
  switch (command.commands.empty() ? command.argument.kind : ValueKind::kNone) {
    case ValueKind::kFile:
      lines += start + " -F\n";
      break;
    case ValueKind::kDirectory:
      lines += start + " -a '(__fish_complete_directories)'\n";
      break;
    case ValueKind::kChoice:
      lines += start + " -a " + fish_quoted(joined(command.argument.choices)) + '\n';
      break;
    case ValueKind::kText:
    case ValueKind::kNone:
      break;
  }
  return lines;
}

}  // namespace

std::string fish_script(const CommandEntry& root) {
  std::vector<std::string> paths;
  std::string lines;
  for (const CommandEntry* command : all_commands(root)) {
    if (command != &root) paths.push_back(fish_quoted(command->path));
    lines += lines_of(*command, root.name);
  }
  if (paths.empty()) paths.emplace_back("''");
  return fmt::format(
      R"(# Completions of {0} for fish:
#   {0} completion fish > ~/.config/fish/completions/{0}.fish
function __{0}_command
  set -l command {0}
  for word in (commandline -opc)[2..-1]
    switch "$command $word"
      case {1}
        set command "$command $word"
    end
  end
  echo $command
end

complete -c {0} -f
{2})",
      root.name, joined(paths), lines);
}

}  // namespace leat::app
