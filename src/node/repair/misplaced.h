// What stands where a file or a folder of Leat's belongs and is something else: a folder, a link to
// nothing, a pipe.
#pragma once

#include <string>
#include <vector>

#include "base/damage.h"
#include "base/file_system.h"

namespace leat::node {

// The file system as the checks of a data directory see it: what is not what its name says is not
// there. A link counts as what it leads to. Thread-safe.
class OwnFiles final : public FileSystem {
 public:
  OwnFiles(Path data, FileSystem& files) : data_(std::move(data)), files_(files) {}

  // False for what is there and is something else. Names that are not Leat's fit.
  bool fits(const Path& path) const;

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& directory) override;
  Result<void> create_directories(const Path& directory) override;
  Result<void> sync_directory(const Path& directory) override;
  Result<bool> exists(const Path& path) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override;

 private:
  const Path data_;
  FileSystem& files_;
};

// What is in the way of the next start; mending sets it aside. What stands in folders that the list
// of topics does not name is nobody's business. `files` is a view of `real`, and both outlive the
// damages. Errors: the file system's.
Result<std::vector<Damage>> misplaced(OwnFiles& files, FileSystem& real, const Path& data,
                                      const std::string& stamp);

}  // namespace leat::node
