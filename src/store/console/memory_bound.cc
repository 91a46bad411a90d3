#include "store/console/memory_bound.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "store/console/machine_memory.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LEAT_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define LEAT_HAS_SANITIZER 1
#endif
#endif

namespace leat::store {
namespace {

constexpr uint64_t kBesideBuffers = 512 << 20;
constexpr uint64_t kLeastGrowth = 64 << 20;

struct Limit {
  uint64_t bytes = 0;  // of the process; 0: none
  bool reached = false;
};
constinit thread_local Limit limit;

// Anonymous memory of the process: what is resident and not of a file (proc(5), statm). Allocates
// nothing, as it is asked within malloc.
uint64_t process_bytes() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char buffer[128];
  const ssize_t size = ::read(file, buffer, sizeof buffer);
  ::close(file);
  std::string_view text(buffer, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  uint64_t pages[3] = {};  // size, resident, shared
  for (uint64_t& number : pages) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return 0;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    text.remove_prefix(std::min<size_t>(1, text.size()));
  }
  const uint64_t anonymous = pages[1] - std::min(pages[1], pages[2]);
  return anonymous * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

MemoryBound::MemoryBound(uint64_t buffers) {
  limit = {};
  if (buffers == 0) return;
  limit.bytes = std::max(buffers + kBesideBuffers,
                         std::min(process_bytes() + kLeastGrowth, machine_memory() / 2));
}

MemoryBound::~MemoryBound() { limit = {}; }

bool MemoryBound::reached() const { return limit.reached; }

#ifdef LEAT_HAS_SANITIZER

bool MemoryBound::works() { return false; }

}  // namespace leat::store

#else

bool MemoryBound::works() { return true; }

namespace {

constexpr uint64_t kSmall = 1 << 20;  // mappings that are not looked at

bool is_refused(size_t bytes) {
  if (limit.bytes == 0 || bytes < kSmall || process_bytes() + bytes <= limit.bytes) return false;
  limit.reached = true;
  return true;
}

bool is_bounded() { return limit.bytes != 0; }

}  // namespace
}  // namespace leat::store

// In place of the C library's, for all libraries of the program: both of its allocators, jemalloc
// and DuckDB's own, get their memory here.
extern "C" __attribute__((visibility("default"))) void* mmap(void* address, size_t bytes,
                                                             int protection, int flags, int file,
                                                             off_t offset) noexcept {
  if (leat::store::is_refused(bytes)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(
      ::syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

// What they ask when mmap refuses.
extern "C" void* __sbrk(intptr_t increment);  // glibc's own name for it
extern "C" __attribute__((visibility("default"))) void* sbrk(intptr_t increment) noexcept {
  if (increment > 0 && leat::store::is_bounded()) {
    errno = ENOMEM;
    return reinterpret_cast<void*>(-1);
  }
  return __sbrk(increment);
}

#endif
