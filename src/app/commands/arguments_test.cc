// Any arguments are a command, a help text, or a mistake that is explained. The corpus in
// tests/corpora/arguments (an argument a line) is mixed, cut and garbled; the seed is printed, and
// LEAT_SEED and LEAT_FUZZ_RUNS set it and the number of runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "app/commands/exit_code.h"
#include "app/commands/mistyped.h"
#include "app/commands/program.h"

namespace leat::app {
namespace {

using namespace std::string_view_literals;

using Arguments = std::vector<std::string>;

std::vector<Arguments> read_corpus() {
  std::vector<Arguments> corpus;
  for (const auto& entry : std::filesystem::directory_iterator("tests/corpora/arguments")) {
    std::ifstream file(entry.path());
    Arguments& arguments = corpus.emplace_back();
    for (std::string line; std::getline(file, line);) arguments.push_back(line);
  }
  return corpus;
}

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Garbler {
 public:
  Garbler(std::vector<Arguments> corpus, uint64_t seed)
      : corpus_(std::move(corpus)), random_(seed) {}

  Arguments next() {
    Arguments made = any(corpus_);
    for (uint64_t changes = random_() % 5; changes > 0; --changes) change(made);
    return made;
  }

 private:
  template <class Item>
  const Item& any(const std::vector<Item>& items) {
    return items[random_() % items.size()];
  }

  void change(Arguments& arguments) {
    const size_t at = random_() % (arguments.size() + 1);
    const auto place = arguments.begin() + static_cast<ptrdiff_t>(at);
    const Arguments& other = any(corpus_);
    switch (random_() % 5) {
      case 0:
        if (place != arguments.end()) arguments.erase(place);
        break;
      case 1:
        if (!other.empty()) arguments.insert(place, any(other));
        break;
      case 2:
        arguments.insert(place, other.begin(), other.end());
        break;
      case 3:
        if (place != arguments.end()) garble(*place);
        break;
      default:
        if (place != arguments.end()) std::swap(*place, arguments.front());
    }
  }

  void garble(std::string& text) {
    const size_t at = random_() % (text.size() + 1);
    constexpr std::string_view kBytes = "-=:,.\"'\\[]{}%$\n\t \xff\x80\0aZ09"sv;
    switch (random_() % 4) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.insert(at, 1, kBytes[random_() % kBytes.size()]);
        break;
      case 2:
        text.insert(at, text);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random_());
    }
  }

  const std::vector<Arguments> corpus_;
  std::mt19937_64 random_;
};

std::string shown(const Arguments& arguments) {
  std::string text;
  for (const auto& argument : arguments) text += fmt::format("[{}] ", argument);
  return text;
}

// Parses as main() does, without doing what was asked for.
void parse(const Arguments& arguments) {
  CLI::App program("From API to table, exactly once, in one process.", "leat");
  Action action;
  add_commands(program, action);
  std::vector<char*> argv{const_cast<char*>("leat")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  try {
    program.parse(static_cast<int>(argv.size()), argv.data());
    ASSERT_TRUE(action) << shown(arguments);
  } catch (const CLI::Success&) {
    ASSERT_FALSE(program.help().empty());
  } catch (const CLI::ParseError& error) {
    const Mistake mistake = find_mistake(program, arguments, error.what());
    ASSERT_FALSE(mistake.error.message().empty()) << shown(arguments);
    ASSERT_EQ(exit_code_of(mistake.error), kExitUser);
    ASSERT_TRUE(mistake.command.starts_with("leat")) << shown(arguments);
  }
}

TEST(Arguments, AnyAreUnderstoodOrExplained) {
  const uint64_t seed = number_from("LEAT_SEED", std::random_device{}());
  const uint64_t runs = number_from("LEAT_FUZZ_RUNS", 2'000);
  std::cout << "seed " << seed << '\n';
  auto corpus = read_corpus();
  ASSERT_GT(corpus.size(), 5u);
  for (const auto& arguments : corpus) parse(arguments);
  Garbler garbler(std::move(corpus), seed);
  for (uint64_t run = 0; run < runs && !HasFatalFailure(); ++run) parse(garbler.next());
}

}  // namespace
}  // namespace leat::app
