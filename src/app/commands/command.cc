#include "app/commands/command.h"

#include <unistd.h>

#include <cstdio>

#include "app/terminal/style.h"

namespace leat::app {

void add_data_flag(CLI::App& command, Path& data) {
  data = "leat-data";
  command.add_option("--data", data, "The data directory (default ./leat-data)")
      ->envname("LEAT_DATA")
      ->type_name("DIR");
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  if (!examples.empty()) command->footer("Examples:\n" + examples);
  return command;
}

int report(const Error& error) {
  const auto screen = terminal::screen_of(STDERR_FILENO);
  const std::string label = terminal::painted("error:", terminal::Colour::kRed, screen);
  std::fprintf(stderr, "%s %s\n", label.c_str(), error.to_string().c_str());
  return exit_code_of(error);
}

}  // namespace leat::app
