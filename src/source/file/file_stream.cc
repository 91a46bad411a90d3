#include "source/file/file_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <utility>

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

Error damaged(std::string_view what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "{}", what);
}

// The compressed side of both decompressors.
struct CompressedInput {
  std::unique_ptr<ByteStream> stream;
  std::array<std::byte, 64 * 1024> block;
  size_t begin = 0;
  size_t end = 0;

  // Makes begin < end unless the stream is at its end.
  Result<void> refill() {
    if (begin < end) return {};
    LEAT_ASSIGN(end, stream->read(block));
    begin = 0;
    return {};
  }
};

class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(std::unique_ptr<ByteStream> compressed) {
    input_.stream = std::move(compressed);
    ready_ = inflateInit2(&inflate_, 15 + 16) == Z_OK;  // the largest window, with a gzip header
  }
  ~GzipStream() override { inflateEnd(&inflate_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<size_t> read(MutableBytes into) override {
    if (!ready_) return internal_error("zlib cannot be initialised");
    inflate_.next_out = reinterpret_cast<Bytef*>(into.data());
    inflate_.avail_out = static_cast<uInt>(std::min<size_t>(into.size(), 1u << 30));
    const uInt room = inflate_.avail_out;
    while (inflate_.avail_out == room) {
      LEAT_TRY(input_.refill());
      if (input_.begin == input_.end) {
        if (!between_members_) return damaged("the gzip data ends early");
        return size_t{0};
      }
      if (between_members_) inflateReset(&inflate_);
      between_members_ = false;
      inflate_.next_in = reinterpret_cast<Bytef*>(input_.block.data() + input_.begin);
      inflate_.avail_in = static_cast<uInt>(input_.end - input_.begin);
      const int code = inflate(&inflate_, Z_NO_FLUSH);
      input_.begin = input_.end - inflate_.avail_in;
      if (code == Z_STREAM_END) {
        between_members_ = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged(fmt::format("not valid gzip data: {}",
                                   inflate_.msg != nullptr ? inflate_.msg : "damaged"));
      }
    }
    return static_cast<size_t>(room - inflate_.avail_out);
  }

 private:
  CompressedInput input_;
  z_stream inflate_{};
  bool ready_ = false;
  bool between_members_ = false;  // an empty file is no gzip file
};

struct ZstdDeleter {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<ByteStream> compressed) : zstd_(ZSTD_createDStream()) {
    input_.stream = std::move(compressed);
  }

  Result<size_t> read(MutableBytes into) override {
    if (!zstd_) return internal_error("zstd cannot be initialised");
    ZSTD_outBuffer output{into.data(), into.size(), 0};
    while (output.pos == 0) {
      // What the decoder still holds comes out without further input.
      if (!holds_output_) {
        LEAT_TRY(input_.refill());
        if (input_.begin == input_.end) {
          if (!between_frames_) return damaged("the zstd data ends early");
          return size_t{0};
        }
      }
      ZSTD_inBuffer block{input_.block.data() + input_.begin, input_.end - input_.begin, 0};
      const size_t code = ZSTD_decompressStream(zstd_.get(), &output, &block);
      if (ZSTD_isError(code) != 0) {
        return damaged(fmt::format("not valid zstd data: {}", ZSTD_getErrorName(code)));
      }
      input_.begin += block.pos;
      between_frames_ = code == 0;
      holds_output_ = !between_frames_ && output.pos == output.size;
    }
    return output.pos;
  }

 private:
  CompressedInput input_;
  std::unique_ptr<ZSTD_DStream, ZstdDeleter> zstd_;
  bool between_frames_ = false;
  bool holds_output_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_file_stream(const File& file) {
  return std::make_unique<FileStream>(file);
}

std::unique_ptr<ByteStream> make_decompressed_stream(std::unique_ptr<ByteStream> compressed,
                                                     Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<GzipStream>(std::move(compressed));
    case Compression::kZstd:
      return std::make_unique<ZstdStream>(std::move(compressed));
    case Compression::kNone:
      break;
  }
  return compressed;
}

}  // namespace leat::source
