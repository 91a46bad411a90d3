#include "source/format/byte_stream.h"

#include <algorithm>
#include <array>

namespace leat::source {
namespace {

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::string_view content) : rest_(content) {}

  Result<size_t> read(MutableBytes into) override {
    const size_t count = std::min(into.size(), rest_.size());
    std::memcpy(into.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

  Result<void> skip(uint64_t count) override {
    rest_.remove_prefix(static_cast<size_t>(std::min<uint64_t>(count, rest_.size())));
    return {};
  }

 private:
  std::string_view rest_;
};

}  // namespace

Result<void> ByteStream::skip(uint64_t count) {
  std::array<std::byte, 64 * 1024> scratch;
  while (count > 0) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(count, scratch.size()));
    LEAT_ASSIGN(const size_t got, read({scratch.data(), wanted}));
    if (got == 0) return {};
    count -= got;
  }
  return {};
}

std::unique_ptr<ByteStream> make_memory_stream(std::string_view content) {
  return std::make_unique<MemoryStream>(content);
}

}  // namespace leat::source
