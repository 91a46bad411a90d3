// Memory for the headers of records: spans that stay where they are while more are added.
#pragma once

#include <memory>
#include <vector>

#include "log/topic_io.h"

namespace leat::log {

// Not thread-safe. Spans live as long as the arena.
class HeaderArena {
 public:
  std::span<HeaderView> allocate(size_t count) {
    if (free_.size() < count) {
      const size_t size = count > kBlock ? count : kBlock;
      blocks_.push_back(std::make_unique<HeaderView[]>(size));
      free_ = {blocks_.back().get(), size};
    }
    const std::span<HeaderView> taken = free_.first(count);
    free_ = free_.subspan(count);
    return taken;
  }
  bool empty() const { return blocks_.empty(); }

 private:
  static constexpr size_t kBlock = 256;
  std::vector<std::unique_ptr<HeaderView[]>> blocks_;
  std::span<HeaderView> free_;
};

}  // namespace leat::log
