#include "source/file/file_stream.h"

namespace leat::source {
namespace {

class FileStream final : public ByteStream {
 public:
  explicit FileStream(const File& file) : file_(file) {}

  Result<size_t> read(MutableBytes into) override {
    LEAT_ASSIGN(const size_t got, file_.read_at(at_, into));
    at_ += got;
    return got;
  }

  Result<void> skip(uint64_t count) override {
    at_ += count;
    return {};
  }

 private:
  const File& file_;
  uint64_t at_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> make_file_stream(const File& file) {
  return std::make_unique<FileStream>(file);
}

}  // namespace leat::source
