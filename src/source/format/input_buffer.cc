#include "source/format/input_buffer.h"

#include <algorithm>

namespace leat::source {

Result<void> InputBuffer::fill(size_t bytes) {
  if (content_.size() - begin_ >= bytes) return {};
  content_.erase(0, begin_);
  begin_ = 0;
  while (!at_end_ && content_.size() < bytes) {
    const size_t before = content_.size();
    content_.resize(bytes);
    const auto got =
        stream_->read({reinterpret_cast<std::byte*>(content_.data()) + before, bytes - before});
    content_.resize(before + (got.ok() ? *got : 0));
    if (!got.ok()) return got.error();
    at_end_ = *got == 0;
  }
  return {};
}

Result<void> InputBuffer::skip(uint64_t count) {
  const size_t here = static_cast<size_t>(std::min<uint64_t>(count, content_.size() - begin_));
  begin_ += here;
  return stream_->skip(count - here);
}

}  // namespace leat::source
