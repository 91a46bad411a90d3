// Shell completion scripts, made from the commands as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
}

namespace leat::app {

enum class Shell : uint8_t { kBash, kZsh, kFish };

// Errors: user, with the three names.
Result<Shell> parse_shell(std::string_view name);

// A script that completes sub-commands, options, choices (CLI::IsMember) and files (options and
// arguments whose type is named FILE, DIR or PATH, as CLI::ExistingFile does) of the program named
// by app.get_name(). How to load it stands in its first lines.
std::string completion_script(const CLI::App& app, Shell shell);

}  // namespace leat::app
