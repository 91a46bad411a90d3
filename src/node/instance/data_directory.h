// What stands where a data directory is expected.
#pragma once

#include "base/file_system.h"
#include "base/result.h"

namespace leat::node {

// Errors (user): `data` names something that is no directory and cannot become one, such as a file
// or a link to nothing.
Result<void> check_data_directory(const Path& data);

}  // namespace leat::node
