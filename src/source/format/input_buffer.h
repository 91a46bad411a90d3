// What was read of a stream and not used yet.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "source/format/byte_stream.h"

namespace leat::source {

// Not thread-safe.
class InputBuffer {
 public:
  explicit InputBuffer(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  // Reads until at least `bytes` are unused or the stream ends.
  Result<void> fill(size_t bytes);
  std::string_view unused() const { return std::string_view(content_).substr(begin_); }
  bool at_end() const { return at_end_; }  // the stream holds no more than unused()
  // REQUIRES: count <= unused().size()
  void consume(size_t count) { begin_ += count; }
  // Passes over `count` bytes of unused() and the stream after it.
  Result<void> skip(uint64_t count);

 private:
  std::unique_ptr<ByteStream> stream_;
  std::string content_;
  size_t begin_ = 0;
  bool at_end_ = false;
};

}  // namespace leat::source
