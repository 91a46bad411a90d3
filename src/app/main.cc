// The program `leat`.
#include <malloc.h>

#include <csignal>

#include "app/commands/mistyped.h"
#include "app/commands/program.h"

namespace {

// glibc gives threads up to eight arenas for each core, and each arena keeps what its threads once
// needed. Tasks have a new thread every time, so that in the end every arena held the memory of the
// largest response: 16 times 22 MB, where 40 MB were in use.
constexpr int kMallocArenas = 4;

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
  ::mallopt(M_ARENA_MAX, kMallocArenas);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  return run_program(argc, argv);
}
