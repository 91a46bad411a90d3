#include "base/disk_guard.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/logging.h"

namespace leat {
namespace {

constexpr uint64_t kLargestReserve = 64 << 20;
constexpr std::chrono::seconds kLookInterval{1};

Error stopped() { return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped"); }

}  // namespace

Result<DiskRoom> disk_room(const Path& directory) {
  struct statvfs status{};
  if (::statvfs(directory.c_str(), &status) != 0) {
    return os_error(errno, fmt::format("cannot measure the disk of {}", directory.string()));
  }
  return DiskRoom{.free = static_cast<uint64_t>(status.f_bavail) * status.f_frsize,
                  .total = static_cast<uint64_t>(status.f_blocks) * status.f_frsize};
}

uint64_t disk_reserve(uint64_t total) { return std::min(kLargestReserve, total / 16); }

DiskGuard::DiskGuard(Path directory, Clock& clock, Measure measure)
    : directory_(std::move(directory)), clock_(clock), measure_(std::move(measure)) {}

bool DiskGuard::change(bool full) {
  const std::lock_guard lock(mutex_);
  return std::exchange(full_, full) != full;
}

bool DiskGuard::is_full() {
  const std::lock_guard lock(mutex_);
  return full_;
}

bool DiskGuard::has_room() {
  const auto room = measure_(directory_);
  if (!room.ok()) return true;  // whoever writes learns what is wrong
  const uint64_t reserve = disk_reserve(room->total);
  if (room->free <= reserve) {
    if (change(true)) tell_full(*room);
  } else if (!is_short(*room)) {
    if (change(false)) {
      log_warn("there is room on the disk of {} again: tasks and streams go on",
               directory_.string());
    }
  }
  return !is_full();
}

void DiskGuard::tell_full(const DiskRoom& room) {
  const uint64_t reserve = disk_reserve(room.total);
  log_error(
      "the disk of {} is full ({} MiB free): tasks and streams wait until there are {} MiB; "
      "what is stored can be read",
      directory_.string(), room.free >> 20, (reserve + reserve / 4) >> 20);
}

Result<void> DiskGuard::wait_for_room(std::stop_token stop) {
  while (!has_room()) {
    if (!clock_.sleep_for(kLookInterval, stop)) return stopped();
  }
  return {};
}

bool DiskGuard::is_short(const DiskRoom& room) {
  const uint64_t reserve = disk_reserve(room.total);
  return room.free <= reserve + reserve / 4;
}

void DiskGuard::note_failure() {
  const auto room = measure_(directory_);
  if (room.ok() && is_short(*room) && change(true)) tell_full(*room);
}

Result<void> DiskGuard::wait_after_failure(std::stop_token stop) {
  note_failure();
  if (!clock_.sleep_for(kLookInterval, stop)) return stopped();
  return wait_for_room(std::move(stop));
}

}  // namespace leat
