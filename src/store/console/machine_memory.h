// How much memory the machine has, or as much of it as this process may use.
#pragma once

#include <cstdint>

namespace leat::store {

// Bytes: the least of the machine's and the limits of the control groups (cgroups v2 and v1, as
// seen from within a container). Thread-safe.
uint64_t machine_memory();

}  // namespace leat::store
