#include "node/instance/data_directory.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace leat::node {

Result<void> check_data_directory(const Path& data) {
  std::error_code ignored;
  const auto at = std::filesystem::symlink_status(data, ignored);
  if (!std::filesystem::exists(at) || std::filesystem::is_directory(data, ignored)) return {};
  if (std::filesystem::is_symlink(at) && !std::filesystem::exists(data, ignored)) {
    return user_error(
        "the data directory {} is a link to {}, which is not there: name another "
        "with --data",
        data.string(), std::filesystem::read_symlink(data, ignored).string());
  }
  return user_error("{} is not a directory: name the data directory with --data", data.string());
}

}  // namespace leat::node
