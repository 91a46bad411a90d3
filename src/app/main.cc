// The program `leat`.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "app/commands/mistyped.h"
#include "app/commands/program.h"
#include "app/terminal/standard_output.h"

// Read by jemalloc, with which builds without sanitizers are linked (decision 014). Four arenas for
// all threads, not four for each core: each keeps some of what its threads once needed. What is
// free goes back to the system after two seconds, also when nobody allocates; so do pieces of 8 MB
// and more, which would go back at once, and be asked for again with the next response.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf =
    "narenas:4,background_thread:true,max_background_threads:1,dirty_decay_ms:2000,"
    "oversize_threshold:0";
}

namespace {

// A log holds each of its segments open. The soft limit, mostly 1,024, is for programs that use
// select(); the hard one is what the system allows.
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

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

int run_and_check_output(int argc, char** argv) {
  leat::terminal::StandardOutput output(STDOUT_FILENO);
  return leat::terminal::exit_code_after(output, run_program(argc, argv));
}

}  // namespace

int main(int argc, char** argv) {
  leat::terminal::occupy_standard_descriptors();
  allow_open_files();
  // What a data directory holds is for its owner: libraries make files by the umask.
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  return run_and_check_output(argc, argv);
}
