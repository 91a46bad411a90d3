// Keeps a disk from filling up: what needs room waits before there is none, so that what is under
// way can end, and what is there can be read.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"

namespace leat {

struct DiskRoom {
  uint64_t free = 0;   // bytes, for users other than root
  uint64_t total = 0;  // bytes
};

// statvfs of the file system that holds `directory`.
Result<DiskRoom> disk_room(const Path& directory);

// What is left free: a sixteenth of the disk, 64 MiB at most.
uint64_t disk_reserve(uint64_t total);

// Thread-safe.
class DiskGuard {
 public:
  using Measure = std::function<Result<DiskRoom>(const Path&)>;
  // `clock` outlives it.
  DiskGuard(Path directory, Clock& clock, Measure measure = disk_room);

  // Whether more than the reserve is free, and a quarter of it more when it was full before. The
  // first answer that it is not, and the first that it is again, is told in a line.
  bool has_room();
  // Returns at once while more than the reserve is free; else when it is again, and a quarter of it
  // more. However many wait, one line says so, and one that it goes on. Errors: kCancelled.
  Result<void> wait_for_room(std::stop_token stop);
  // After an ENOSPC, of whatever disk: when it may have been this one, it counts as full until
  // there is room again.
  void note_failure();
  // The same, and waits: a second at least, whatever statvfs says (a quota, another disk).
  Result<void> wait_after_failure(std::stop_token stop);

 private:
  bool is_full();
  bool change(bool full);  // true when it was otherwise before
  void tell_full(const DiskRoom& room);
  static bool is_short(const DiskRoom& room);  // too little to go on after it was full

  const Path directory_;
  Clock& clock_;
  const Measure measure_;
  std::mutex mutex_;  // guards full_
  bool full_ = false;
};

}  // namespace leat
