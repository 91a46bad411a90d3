// The identity of a file's content.
#pragma once

#include <string>

#include "config/node.h"

namespace leat::config {

// SHA-256 (FIPS 180-4) in hex of the keys and values after substitution; a secret counts by its
// name only. Comments, layout and the order of lines between values do not count.
std::string content_hash(const Node& root);

}  // namespace leat::config
