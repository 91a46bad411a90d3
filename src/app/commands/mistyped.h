// Command lines that do not parse.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace leat::app {

// Says what is wrong with the arguments, with the nearest command or flag, and where help is.
// `found` is the parser's own message, for what is neither. Returns the exit code.
int report_mistyped(const CLI::App& program, const std::vector<std::string>& arguments,
                    const std::string& found);

}  // namespace leat::app
