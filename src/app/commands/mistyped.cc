#include "app/commands/mistyped.h"

#include <algorithm>
#include <cstdio>

#include "app/commands/command.h"
#include "base/text/nearest_name.h"

namespace leat::app {
namespace {

// CLI11's lists are const only as pointers.
std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The flag whose beginning this is, else the nearest.
std::optional<std::string> meant_flag(const std::string& typed,
                                      const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (typed.size() > 3 && name.starts_with(typed)) return name;
  }
  return nearest_name(typed, names);
}

std::string did_you_mean(const std::optional<std::string>& name) {
  return name ? fmt::format("; did you mean `{}`?", *name) : "";
}

}  // namespace

Mistake find_mistake(const CLI::App& program, const std::vector<std::string>& arguments,
                     const std::string& found) {
  const CLI::App* app = &program;
  std::string path = "leat";
  std::string message;
  for (const auto& argument : arguments) {
    const auto names = command_names(*app);
    if (argument.starts_with("--") && argument.size() > 2) {
      const std::string flag = argument.substr(0, argument.find('='));
      const auto flags = flag_names(*app);
      if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
      message = fmt::format("unknown flag `{}`{}", flag, did_you_mean(meant_flag(flag, flags)));
      break;
    }
    if (names.empty()) continue;
    if (std::find(names.begin(), names.end(), argument) == names.end()) {
      message = fmt::format("unknown command `{}`{}", argument,
                            did_you_mean(nearest_name(argument, names)));
      break;
    }
    app = app->get_subcommand(argument);
    path += " " + argument;
  }
  if (message.empty() && !command_names(*app).empty()) {
    message = fmt::format("a command is missing: {}", fmt::join(command_names(*app), ", "));
  }
  if (message.empty()) message = found;
  return {user_error("{}", message), path};
}

int report_mistyped(const CLI::App& program, const std::vector<std::string>& arguments,
                    const std::string& found) {
  const Mistake mistake = find_mistake(program, arguments, found);
  const int code = report(mistake.error);
  std::fprintf(stderr, "`%s --help` explains it\n", mistake.command.c_str());
  return code;
}

}  // namespace leat::app
