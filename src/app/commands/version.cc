// leat version, leat completion.
#include "app/version.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands/command.h"
#include "app/completion/completion.h"

namespace leat::app {

void add_version_command(CLI::App& program, Action& action) {
  CLI::App* command =
      add_command(program, "version", "Print the version", "  leat version\n  leat version --json");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "As a JSON object");
  command->callback([as_json, &action] {
    action = [as_json] {
      if (*as_json) {
        std::cout << nlohmann::json{{"version", kVersion}}.dump() << '\n';
      } else {
        std::cout << "leat " << kVersion << '\n';
      }
      return kExitOk;
    };
  });
}

void add_completion_command(CLI::App& program, Action& action) {
  CLI::App* command =
      add_command(program, "completion", "Print a completion script for a shell",
                  "  leat completion bash > ~/.local/share/bash-completion/completions/leat\n"
                  "  leat completion zsh > \"${fpath[1]}/_leat\"\n"
                  "  leat completion fish > ~/.config/fish/completions/leat.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &program, &action] {
    action = [shell, &program] {
      const auto which = parse_shell(*shell);
      if (!which.ok()) return report(which.error());
      std::cout << completion_script(program, *which);
      return kExitOk;
    };
  });
}

}  // namespace leat::app
