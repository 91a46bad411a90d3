// Files that come with the program.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.h"

namespace leat::app {

// An example's file: in share/leat/examples of the installed tree, or in examples/ of the checkout
// that the program was built in.
std::optional<Path> find_example(const std::string& name);

}  // namespace leat::app
