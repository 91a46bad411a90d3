#include "store/without.h"

#include <cstdlib>

namespace leat::store {

bool is_without(std::string_view accelerator) {
  const char* const variable = std::getenv("LEAT_WITHOUT");
  std::string_view names = variable == nullptr ? "" : variable;
  while (!names.empty()) {
    const size_t end = names.find(' ');
    if (names.substr(0, end) == accelerator) return true;
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
  }
  return false;
}

}  // namespace leat::store
