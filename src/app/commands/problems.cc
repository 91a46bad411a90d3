#include "app/commands/problems.h"

#include <unistd.h>

#include <cstdio>

#include "app/terminal/style.h"

namespace leat::app {

void print_problems(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems) {
    std::fprintf(stderr, "%s\n", config::format_problem(problem).c_str());
  }
}

void print_warnings(const std::vector<std::string>& warnings) {
  const auto screen = terminal::screen_of(STDERR_FILENO);
  for (const auto& warning : warnings) {
    std::fprintf(stderr, "%s %s\n",
                 terminal::painted("warning:", terminal::Colour::kYellow, screen).c_str(),
                 warning.c_str());
  }
}

}  // namespace leat::app
