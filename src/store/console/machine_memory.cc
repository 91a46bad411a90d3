#include "store/console/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace leat::store {

uint64_t machine_memory() {
  uint64_t bytes = static_cast<uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L)) *
                   static_cast<uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  for (const char* file :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    uint64_t limit = 0;
    if (std::ifstream(file) >> limit && limit > 0) bytes = std::min(bytes, limit);  // not "max"
  }
  return bytes;
}

}  // namespace leat::store
