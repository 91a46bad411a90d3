#include "config/location.h"

#include <fmt/format.h>

namespace leat::config {

std::string Location::to_string() const {
  if (line == 0) return file;
  return fmt::format("{}:{}:{}", file, line, column);
}

}  // namespace leat::config
