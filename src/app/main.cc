// The program `leat`.
#include <csignal>

#include "app/commands/mistyped.h"
#include "app/commands/program.h"

namespace {

int run_program(int argc, char** argv) {
  CLI::App program("From API to table, exactly once, in one process.", "leat");
  leat::app::Action action;
  leat::app::add_commands(program, action);
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    return leat::app::report_mistyped(program, {argv + 1, argv + argc}, error.what());
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  return run_program(argc, argv);
}
