// All contact with the disk that Leat's own formats have goes through this seam, so that a test
// can fail the Nth call for every N. DuckDB and SQLite keep their own files themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace leat {

using Path = std::filesystem::path;

// One open file. Calls of different threads at the same time are safe as far as pread, pwrite and
// fdatasync are. Errors: external, with the path in the message; kNoSpace when the disk is full.
class File {
 public:
  virtual ~File() = default;

  // Reads until `into` is full or the file ends; returns the bytes read.
  virtual Result<size_t> read_at(uint64_t offset, MutableBytes into) const = 0;
  // Writes all bytes or fails; a failed write may have written a part.
  virtual Result<void> write_at(uint64_t offset, Bytes bytes) = 0;
  // fdatasync. After a failure the state of the file's unsynced bytes is unknown: never retry and
  // acknowledge (PostgreSQL's fsync lesson of 2018).
  virtual Result<void> sync() = 0;
  virtual Result<void> truncate(uint64_t size) = 0;
  // Reserves blocks up to `size` and extends the file with zeros.
  virtual Result<void> preallocate(uint64_t size) = 0;
  virtual Result<uint64_t> size() const = 0;
};

enum class OpenMode : uint8_t {
  kRead,       // fails with kNotFound
  kReadWrite,  // fails with kNotFound
  kCreate,     // read and write; made when missing
  kCreateNew,  // read and write; fails with kAlreadyExists
};

// Holds an advisory lock (flock) until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) = 0;
  virtual Result<void> rename(const Path& from, const Path& to) = 0;
  virtual Result<void> remove(const Path& path) = 0;
  // Names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const Path& directory) = 0;
  virtual Result<void> create_directories(const Path& directory) = 0;
  // Makes creations, renames and removals in a directory durable.
  virtual Result<void> sync_directory(const Path& directory) = 0;
  virtual Result<bool> exists(const Path& path) = 0;
  // Takes the lock and writes this process's id into the file; kInUse names the pid that holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const Path& path) = 0;

  // Conveniences over the above.
  Result<std::string> read_file(const Path& path);
  // Temporary file, sync, rename, sync of the directory: readers see the old or the new content.
  Result<void> replace_file(const Path& path, std::string_view content);
};

FileSystem& real_file_system();

}  // namespace leat
