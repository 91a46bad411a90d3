#include "app/completion/command_tree.h"

#include <CLI/CLI.hpp>

namespace leat::app {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// CLI11 joins a type's name and its validators: "TEXT:FILE", "TEXT:{csv,json}".
std::vector<std::string> words_of(const std::string& type) {
  std::vector<std::string> words(1);
  for (const char c : type) {
    if (c == ':') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// "{csv,json}"
std::vector<std::string> choices_of(const std::string& set) {
  std::vector<std::string> choices(1);
  for (const char c : set.substr(1, set.size() - 2)) {
    if (c == ',') {
      choices.emplace_back();
    } else {
      choices.back() += c;
    }
  }
  return choices;
}

Value value_of(const CLI::Option& option) {
  Value value;
  if (option.get_items_expected_max() == 0) return value;
  value.kind = ValueKind::kText;
  std::vector<std::string> words = words_of(option.get_type_name());
  if (option.get_positional()) words.push_back(option.get_name());
  for (const std::string& word : words) {
    if (word.size() > 2 && word.front() == '{' && word.back() == '}') {
      return {ValueKind::kChoice, choices_of(word)};
    }
    if (word == "DIR") value.kind = ValueKind::kDirectory;
    if (word == "FILE" || word.starts_with("PATH") || word.ends_with(".yaml")) {
      value.kind = ValueKind::kFile;
    }
  }
  return value;
}

CommandEntry entry_of(const CLI::App& app, const std::string& parent) {
  CommandEntry entry;
  entry.name = app.get_name();
  entry.path = parent.empty() ? entry.name : parent + ' ' + entry.name;
  entry.help = first_line(app.get_description());
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    if (option->get_positional()) {
      if (entry.argument.kind == ValueKind::kNone) entry.argument = value_of(*option);
      continue;
    }
    OptionEntry described;
    for (const std::string& name : option->get_lnames()) described.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) described.names.push_back("-" + name);
    described.help = first_line(option->get_description());
    described.value = value_of(*option);
    entry.options.push_back(std::move(described));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name().empty() || command->get_group().empty()) continue;
    entry.commands.push_back(entry_of(*command, entry.path));
  }
  return entry;
}

}  // namespace

CommandEntry command_tree(const CLI::App& app) { return entry_of(app, ""); }

std::vector<const CommandEntry*> all_commands(const CommandEntry& root) {
  std::vector<const CommandEntry*> all{&root};
  for (const CommandEntry& command : root.commands) {
    const auto below = all_commands(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

}  // namespace leat::app
