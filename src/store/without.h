// Accelerators that can be turned off: for tests that both ways give the same, and for
// measurements.
#pragma once

#include <string_view>

namespace leat::store {

// Whether the environment variable LEAT_WITHOUT, names with blanks between them, has `accelerator`
// (docs/decisions/022 lists them).
bool is_without(std::string_view accelerator);

}  // namespace leat::store
