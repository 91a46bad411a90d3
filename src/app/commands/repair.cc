// leat repair.
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands/command.h"
#include "app/terminal/style.h"
#include "node/repair/data_check.h"

namespace leat::app {
namespace {

using terminal::Colour;

struct RepairFlags {
  Path data;
  bool yes = false;
  bool as_json = false;
};

// What became of a damage. Without --yes nothing was tried.
struct Outcome {
  bool mended = false;
  std::vector<Path> kept;
  std::optional<Error> error;
};

void print(const Damage& damage, const Outcome& outcome, bool tried,
           const terminal::Screen& screen) {
  std::cout << terminal::painted(damage.file.string(), Colour::kBold, screen) << '\n'
            << "  damaged: " << damage.what << '\n';
  if (!tried || !damage.mend) {
    std::cout << "  repair:  " << damage.remedy << '\n';
  } else if (outcome.error) {
    std::cout << "  " << terminal::painted("failed:", Colour::kRed, screen) << "  "
              << outcome.error->to_string() << '\n';
  } else {
    std::cout << "  " << terminal::painted("done:", Colour::kGreen, screen) << "    "
              << damage.remedy << '\n';
  }
  if (!damage.loss.empty()) std::cout << "  lost:    " << damage.loss << '\n';
  for (const Path& path : outcome.kept) std::cout << "  kept:    " << path.string() << '\n';
}

nlohmann::json to_json(const Damage& damage, const Outcome& outcome) {
  nlohmann::json kept = nlohmann::json::array();
  for (const Path& path : outcome.kept) kept.push_back(path.string());
  nlohmann::json object{{"file", damage.file.string()}, {"damage", damage.what},
                        {"repair", damage.remedy},      {"loss", damage.loss},
                        {"repaired", outcome.mended},   {"kept", kept}};
  if (outcome.error) object["error"] = outcome.error->to_string();
  return object;
}

Outcome mend(const Damage& damage) {
  Outcome outcome;
  if (!damage.mend) return outcome;
  auto kept = damage.mend();
  if (!kept.ok()) {
    outcome.error = std::move(kept).error();
    return outcome;
  }
  outcome.mended = true;
  outcome.kept = std::move(*kept);
  return outcome;
}

std::string closing_line(size_t damages, size_t left, bool yes) {
  if (damages == 0) return "nothing is damaged\n";
  if (!yes) {
    return fmt::format(
        "{} damaged; nothing was changed: `leat repair --yes` does what is said "
        "here\n",
        damages);
  }
  if (left == 0) return fmt::format("{} repaired; `leat run` goes on\n", damages);
  return fmt::format("{} of {} repaired\n", damages - left, damages);
}

int repair(const RepairFlags& flags) {
  const auto check = node::DataCheck::run(flags.data);
  if (!check.ok()) return report(check.error());
  const CheckReport& found = (*check)->report();
  const auto screen = terminal::screen_of(STDOUT_FILENO);
  nlohmann::json damages = nlohmann::json::array();
  size_t left = 0;
  for (const Damage& damage : found.damages) {
    const Outcome outcome = flags.yes ? mend(damage) : Outcome{};
    if (!outcome.mended) ++left;
    if (flags.as_json) {
      damages.push_back(to_json(damage, outcome));
    } else {
      print(damage, outcome, flags.yes, screen);
    }
  }
  if (flags.as_json) {
    std::cout << nlohmann::json{{"damages", damages}, {"notes", found.notes}}.dump(
                     -1, ' ', false, nlohmann::json::error_handler_t::replace)
              << '\n';
  } else {
    for (const std::string& note : found.notes) std::cout << "note: " << note << '\n';
    std::cout << closing_line(found.damages.size(), left, flags.yes);
  }
  return left == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_repair_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<RepairFlags>();
  CLI::App* command = add_command(
      program, "repair", "What is damaged in a data directory, and repairing it with --yes",
      "  leat repair\n"
      "  leat repair --yes --data /var/lib/leat\n"
      "Without --yes nothing is changed: it says what is damaged and what it would do. What it\n"
      "takes out goes into files beside, *.damaged-<time>; no byte is deleted.\n"
      "Exit codes: 0 nothing is damaged, or all was repaired; 1 there is damage; 2 the directory\n"
      "is in use, or a newer Leat wrote it.");
  add_data_flag(*command, flags->data);
  command->add_flag("--yes", flags->yes, "Repair what is damaged");
  command->add_flag("--json", flags->as_json, "JSON on standard output");
  command->callback([flags, &action] { action = [flags] { return repair(*flags); }; });
}

}  // namespace leat::app
