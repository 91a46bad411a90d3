// Identifiers that are unique without asking anybody.
#pragma once

#include <string>

namespace leat {

// A random UUID (RFC 9562, version 4) in its usual form, e.g.
// "6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f".
std::string random_uuid();

}  // namespace leat
