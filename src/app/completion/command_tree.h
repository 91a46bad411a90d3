// What a shell needs to know of a CLI11 program: a plain tree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace leat::app {

enum class ValueKind : uint8_t { kNone, kText, kFile, kDirectory, kChoice };

struct Value {
  ValueKind kind = ValueKind::kNone;
  std::vector<std::string> choices;
};

struct OptionEntry {
  std::vector<std::string> names;  // "--data", "-d"
  std::string help;                // its first line
  Value value;
};

struct CommandEntry {
  std::string path;  // "leat topic list"
  std::string name;  // "list"
  std::string help;
  std::vector<OptionEntry> options;
  Value argument;  // the first argument without a name
  std::vector<CommandEntry> commands;
};

CommandEntry command_tree(const CLI::App& app);

// The command and all below it, parents first.
std::vector<const CommandEntry*> all_commands(const CommandEntry& root);

}  // namespace leat::app
