// Bytes in their order, from a file, a decompressor or memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace leat::source {

// Not thread-safe.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Reads at least one byte unless `into` is empty; 0: the end. After an error the stream is dead.
  virtual Result<size_t> read(MutableBytes into) = 0;
  // Passes over `count` bytes; fewer when the stream ends before. Reads them unless it can do
  // better.
  virtual Result<void> skip(uint64_t count);
};

// Over memory that outlives the stream.
std::unique_ptr<ByteStream> make_memory_stream(std::string_view content);

}  // namespace leat::source
