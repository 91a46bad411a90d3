// Command lines that do not parse.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.h"

namespace leat::app {

// What is wrong with arguments that do not parse, with the nearest command or flag.
struct Mistake {
  Error error;
  std::string command;  // whose --help explains it: "leat topic"
};

// `found` is the parser's own message, for what is neither command nor flag.
Mistake find_mistake(const CLI::App& program, const std::vector<std::string>& arguments,
                     const std::string& found);
// Says so, and where help is. Returns the exit code.
int report_mistyped(const CLI::App& program, const std::vector<std::string>& arguments,
                    const std::string& found);

}  // namespace leat::app
