// Bounds the memory that a query takes beside DuckDB's own buffers. DuckDB counts, and spills, what
// it sorts and joins; not the texts of the rows that it works on: 2,000 rows of repeat('x', 5e7)
// are one vector of 100 GB, which nothing interrupts.
#pragma once

#include <cstdint>

namespace leat::store {

// While it lives, this thread gets nothing from the system (mmap) that would make the process
// larger than `buffers` bytes and half a gigabyte, or, where it is that already, a little larger
// than it was, to half of the machine's memory at most: DuckDB then ends the query as one that ran
// out of memory. Only for queries that run on one thread. Zero:
// unbounded; so are builds with sanitizers, which have an mmap of their own.
class MemoryBound {
 public:
  explicit MemoryBound(uint64_t buffers);
  ~MemoryBound();
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;

  // Whether something was refused.
  bool reached() const;
  static bool works();
};

}  // namespace leat::store
