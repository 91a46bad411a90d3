// Memory for texts that live until it is used again: blocks that are kept, and filled anew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace leat::codec {

// Not thread-safe.
class TextArena {
 public:
  // Where the text is now, until clear().
  char* keep(std::string_view text) {
    if (text.size() > free_bytes_) next_block(text.size());
    char* const at = free_;
    std::memcpy(at, text.data(), text.size());
    free_ += text.size();
    free_bytes_ -= text.size();
    return at;
  }
  // Blocks of the usual size stay for the texts to come.
  void clear() {
    std::erase_if(blocks_, [](const Block& block) { return block.size > kBlock; });
    used_ = 0;
    free_bytes_ = 0;
  }

 private:
  static constexpr size_t kBlock = 64 << 10;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  void next_block(size_t least) {
    const size_t size = std::max(least, kBlock);
    if (size > kBlock || used_ == blocks_.size()) {
      blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(used_),
                     {std::make_unique_for_overwrite<char[]>(size), size});
    }
    free_ = blocks_[used_++].bytes.get();
    free_bytes_ = size;
  }

  std::vector<Block> blocks_;  // those before used_ hold texts
  size_t used_ = 0;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

}  // namespace leat::codec
