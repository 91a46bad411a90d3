// A directory that lives as long as the object: for tests and for work that needs scratch space.
#pragma once

#include "base/file_system.h"

namespace leat {

class TemporaryDirectory {
 public:
  TemporaryDirectory();  // throws std::filesystem::filesystem_error when the disk refuses
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const Path& path() const { return path_; }

 private:
  Path path_;
};

}  // namespace leat
