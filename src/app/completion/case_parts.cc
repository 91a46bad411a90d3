#include "app/completion/case_parts.h"

#include <fmt/format.h>

#include "app/completion/scripts.h"

namespace leat::app {
namespace {

std::string option_values(const CommandEntry& command, const CaseWords& words) {
  std::string cases;
  for (const OptionEntry& option : command.options) {
    if (option.value.kind == ValueKind::kNone) continue;
    std::vector<std::string> patterns;
    patterns.reserve(option.names.size());
    for (const std::string& name : option.names) {
      patterns.push_back(single_quoted(command.path + ' ' + name));
    }
    const std::string offer = words.offer(option.value);
    cases += fmt::format(fmt::runtime(words.branch), joined(patterns, words.separator),
                         offer.empty() ? "" : offer + "; ");
  }
  return cases;
}

}  // namespace

CaseParts case_parts(const CommandEntry& root, const CaseWords& words) {
  CaseParts parts;
  std::vector<std::string> paths;
  for (const CommandEntry* command : all_commands(root)) {
    if (command != &root) paths.push_back(single_quoted(command->path));
    parts.values += option_values(*command, words);
    parts.next += words.next(*command);
  }
  if (paths.empty()) paths.emplace_back("''");
  parts.commands = joined(paths, words.separator);
  return parts;
}

}  // namespace leat::app
