// A file system in memory that fails when told and forgets what was not synced: for tests of what a
// full disk, a failing disk, a killed process or a power loss leaves behind.
//
// Model of a power loss: of every file's unsynced writes, truncations and extensions a random
// number of the first ones survives, the next one in part; of the unsynced changes of directories
// (creations, renames, removals) a random number of the first ones. Directories themselves survive.
#pragma once

#include <map>
#include <mutex>
#include <random>
#include <set>

#include "base/file_system.h"

namespace leat {

// Thread-safe. Must outlive the files it opens.
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(uint64_t seed) : random_(seed) {}

  // Calls that change something are counted: writes, syncs, truncations, reservations, creations,
  // renames, removals, syncs of directories.
  uint64_t calls() const;
  // The `number`th counted call from the beginning fails with the errno; a failing write leaves a
  // part of itself. One fault at a time.
  void fail_call(uint64_t number, int error_number);
  // That call and all after it fail, reads too, as if the process were gone.
  void crash_at_call(uint64_t number);
  // From that call on the disk is full: what needs more room fails with ENOSPC, until make_room().
  void fill_at_call(uint64_t number);
  void make_room();

  enum class Loss : uint8_t { kProcessKilled, kPowerLost };
  // The machine as the next process finds it. Files that are still open fail from now on.
  void restart(Loss loss);

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& directory) override;
  Result<void> create_directories(const Path& directory) override;
  Result<void> sync_directory(const Path& directory) override;
  Result<bool> exists(const Path& path) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override;

 private:
  // One change of a file's content: bytes written, or a new size.
  struct Change {
    uint64_t offset = 0;
    std::string bytes;
    bool resize = false;
  };
  struct Content {
    std::string live;
    std::string durable;
    std::vector<Change> unsynced;
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;
  // One change of a directory: the name refers to the content from now on, or to nothing.
  struct NameChange {
    std::string from;  // of a rename
    std::string name;
    std::shared_ptr<Content> content;
  };
  class OpenFile;

  Result<void> check_alive() const;
  // `grows`: it needs room on the disk.
  Result<void> count_call(const std::string& what, bool grows = false);
  static void apply(std::string& content, const Change& change, size_t bytes);
  static void apply(Names& names, const NameChange& change);

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> directories_;
  uint64_t calls_ = 0;
  uint64_t fail_at_ = 0;
  int fail_with_ = 0;
  uint64_t crash_at_ = 0;
  uint64_t full_from_ = 0;
  bool crashed_ = false;
  uint64_t generation_ = 0;  // of restarts
};

}  // namespace leat
