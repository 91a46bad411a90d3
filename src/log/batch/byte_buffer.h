// Bytes on the heap that are not zeroed first, with readable padding behind them.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "log/topic_io.h"

namespace leat::log {

// kReadablePadding bytes after size() may be read. Not thread-safe.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(size_t capacity) { reserve(capacity); }
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  Bytes view() const { return {bytes_.get(), size_}; }
  MutableBytes mutable_view() { return {bytes_.get(), size_}; }

  void reserve(size_t capacity) {
    if (capacity <= capacity_ && bytes_) return;
    auto larger =
        std::make_unique_for_overwrite<std::byte[]>(capacity + FetchedRecords::kReadablePadding);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    // Only the padding is zeroed: sanitizers and readers of the padding then see defined bytes.
    std::memset(larger.get() + capacity, 0, FetchedRecords::kReadablePadding);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }
  // Sets the size; new bytes have any value.
  void resize(size_t size) {
    if (size > capacity_) reserve(std::max(size, capacity_ * 2));
    size_ = size;
  }
  void clear() { size_ = 0; }
  // Adds `count` bytes of any value and returns where they begin.
  std::byte* extend(size_t count) {
    const size_t at = size_;
    resize(size_ + count);
    return bytes_.get() + at;
  }
  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }

 private:
  void swap(ByteBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace leat::log
