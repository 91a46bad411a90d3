#include "app/commands/problems.h"

#include <unistd.h>

#include <cstdio>

#include "app/terminal/style.h"
#include "base/secrets.h"
#include "base/text/control_characters.h"

namespace leat::app {

void print_problems(const std::vector<config::Problem>& problems) {
  const auto screen = terminal::screen_of(STDERR_FILENO);
  constexpr std::string_view kLabel = "error:";
  for (const auto& problem : problems) {
    std::string text = without_control_characters(without_secrets(config::format_problem(problem)));
    if (const size_t at = text.find(kLabel); at < text.find('\n')) {
      text.replace(at, kLabel.size(), terminal::painted(kLabel, terminal::Colour::kRed, screen));
    }
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void print_warnings(const std::vector<std::string>& warnings) {
  const auto screen = terminal::screen_of(STDERR_FILENO);
  for (const auto& warning : warnings) {
    std::fprintf(stderr, "%s %s\n",
                 terminal::painted("warning:", terminal::Colour::kYellow, screen).c_str(),
                 without_control_characters(without_secrets(warning)).c_str());
  }
}

}  // namespace leat::app
