// Places in a pipeline file.
#pragma once

#include <string>

namespace leat::config {

struct Location {
  std::string file = {};
  int line = 0;                   // from 1; 0: no place in a file (a flag, an environment variable)
  int column = 0;                 // from 1
  std::string to_string() const;  // "users.yaml:12:5"
};

}  // namespace leat::config
