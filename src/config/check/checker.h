// Checks a value against its description.
#pragma once

#include <string>

#include "config/description.h"
#include "config/node.h"
#include "config/problem_list.h"

namespace leat::config {

// How messages name the value, and where its key is: block mappings begin at their first key only.
struct Place {
  std::string label;  // `retries`; the file; an entry of `into`
  Location location;
};

// The value with typed scalars, lists made of single values, and defaults; absent when it does
// not fit. Parts that do not fit are left out. Every mistake is added to `problems`.
Node checked(const Node& value, const Description& description, const Place& place,
             ProblemList& problems);

}  // namespace leat::config
