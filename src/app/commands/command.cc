#include "app/commands/command.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "app/terminal/style.h"
#include "base/secrets.h"
#include "base/text/control_characters.h"
#include "config/check/quantity.h"

namespace leat::app {
namespace {

// For what the system, DuckDB and SQLite say in one voice.
std::string remedy_of(const Error& error) {
  rlimit limit{};
  if (error.message().find(std::generic_category().message(EMFILE)) == std::string::npos ||
      ::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return "";
  }
  return fmt::format(
      "; this process may have {}: raise that with `ulimit -n`, or LimitNOFILE= in its unit of "
      "systemd",
      limit.rlim_cur);
}

}  // namespace

void add_data_flag(CLI::App& command, Path& data) {
  data = "leat-data";
  command.add_option("--data", data, "The data directory (default ./leat-data)")
      ->envname("LEAT_DATA")
      ->type_name("DIR");
}

void add_store_flags(CLI::App& command, StoreFlags& flags) {
  command
      .add_option(
          "--memory", flags.memory,
          "What DuckDB may take for tables and queries together (default 1GiB, at most half of "
          "the machine's)")
      ->envname("LEAT_MEMORY")
      ->type_name("SIZE");
  command
      .add_option("--spill", flags.spill,
                  "Where they put what does not fit (default spill/ in the data directory)")
      ->envname("LEAT_SPILL")
      ->type_name("DIR");
}

Result<node::InstanceOptions> instance_options(const StoreFlags& flags) {
  node::InstanceOptions options{.spill = flags.spill};
  if (flags.memory.empty()) return options;
  auto bytes = config::parse_bytes(flags.memory);
  if (!bytes.ok()) {
    return user_error("--memory: a size such as 512MiB or 2GiB, not `{}`", flags.memory);
  }
  constexpr uint64_t kLeast = 64 << 20;
  if (*bytes < kLeast) return user_error("--memory {} is too little: at least 64MiB", flags.memory);
  options.memory_bytes = *bytes;
  return options;
}

CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& text) {
        const bool digits = !text.empty() && text.size() <= 18 &&
                            text.find_first_not_of("0123456789") == std::string::npos;
        return digits ? std::string() : fmt::format("a whole number, 0 or more, not `{}`", text);
      },
      "");
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
  std::fprintf(stderr, "%s %s%s\n", label.c_str(),
               without_control_characters(without_secrets(error.to_string())).c_str(),
               remedy_of(error).c_str());
  return exit_code_of(error);
}

}  // namespace leat::app
