// Bytes that are written once and read once, and need not fit into memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

namespace leat {

// The first megabytes are in memory, the others in a file of `directory` that has no name any more:
// it is gone with the process. Not thread-safe.
class Spool {
 public:
  explicit Spool(Path directory, FileSystem& files = real_file_system())
      : directory_(std::move(directory)), files_(files) {}

  // Errors: those of the file system (kNoSpace).
  Result<void> append(std::string_view bytes);
  uint64_t size() const { return in_file_ + memory_.size(); }

  // From here on nothing is appended. The next bytes, at most 1 MiB; empty: the end.
  Result<std::string> read();

 private:
  Result<void> write_out();

  Path directory_;
  FileSystem& files_;
  std::unique_ptr<File> file_;
  uint64_t in_file_ = 0;
  std::string memory_;  // what follows the bytes in the file
  uint64_t read_ = 0;
};

// The lines of a spool, without their ends.
class SpoolLines {
 public:
  explicit SpoolLines(Spool& spool) : spool_(spool) {}
  // False: there are no more.
  Result<bool> next(std::string& line);

 private:
  Spool& spool_;
  std::string piece_;
  size_t at_ = 0;
};

}  // namespace leat
