#include "source/format/decompressed_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace leat::source {
namespace {

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

  // REQUIRES: one byte is left. Makes it two, unless the stream is at its end.
  Result<void> refill_behind_one() {
    block[0] = block[begin];
    LEAT_ASSIGN(const size_t got, stream->read(std::span(block).subspan(1)));
    begin = 0;
    end = 1 + got;
    return {};
  }
};

// The window bits by which zlib knows what it is to expect.
int window_bits(Compression compression) {
  constexpr int kLargestWindow = 15;
  switch (compression) {
    case Compression::kGzip:
      return kLargestWindow + 16;
    case Compression::kRawDeflate:
      return -kLargestWindow;
    default:
      return kLargestWindow;
  }
}

class DeflateStream final : public ByteStream {
 public:
  DeflateStream(std::unique_ptr<ByteStream> compressed, Compression compression)
      : compression_(compression) {
    input_.stream = std::move(compressed);
    ready_ = inflateInit2(&inflate_, window_bits(compression)) == Z_OK;
  }
  ~DeflateStream() override { inflateEnd(&inflate_); }
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  Result<size_t> read(MutableBytes into) override {
    if (!ready_) return internal_error("zlib cannot be initialised");
    inflate_.next_out = reinterpret_cast<Bytef*>(into.data());
    inflate_.avail_out = static_cast<uInt>(std::min<size_t>(into.size(), 1u << 30));
    const uInt room = inflate_.avail_out;
    while (inflate_.avail_out == room && !at_end_) {
      if (between_members_) {
        LEAT_TRY(begin_next_member());
        continue;
      }
      LEAT_TRY(input_.refill());
      if (input_.begin == input_.end) return damaged(fmt::format("the {} data ends early", name()));
      inflate_.next_in = reinterpret_cast<Bytef*>(input_.block.data() + input_.begin);
      inflate_.avail_in = static_cast<uInt>(input_.end - input_.begin);
      const int code = inflate(&inflate_, Z_NO_FLUSH);
      input_.begin = input_.end - inflate_.avail_in;
      if (code == Z_STREAM_END) {
        between_members_ = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged(fmt::format("not valid {} data: {}", name(),
                                   inflate_.msg != nullptr ? inflate_.msg : "damaged"));
      }
    }
    return static_cast<size_t>(room - inflate_.avail_out);
  }

 private:
  const char* name() const { return compression_ == Compression::kGzip ? "gzip" : "deflate"; }

  // What follows a member that is whole is another one, or padding, which gzip(1) passes over, too.
  Result<void> begin_next_member() {
    LEAT_TRY(input_.refill());
    at_end_ = compression_ != Compression::kGzip || input_.begin == input_.end ||
              input_.block[input_.begin] != kGzipMagic[0];
    if (at_end_) return {};
    if (input_.end - input_.begin == 1) LEAT_TRY(input_.refill_behind_one());
    at_end_ = input_.end - input_.begin < 2 || input_.block[input_.begin + 1] != kGzipMagic[1];
    if (at_end_) return {};
    inflateReset(&inflate_);
    between_members_ = false;
    return {};
  }

  static constexpr std::array<std::byte, 2> kGzipMagic = {std::byte{0x1F}, std::byte{0x8B}};

  const Compression compression_;
  CompressedInput input_;
  z_stream inflate_{};
  bool ready_ = false;
  bool between_members_ = false;  // an empty file is no gzip file
  bool at_end_ = false;
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

std::unique_ptr<ByteStream> make_decompressed_stream(std::unique_ptr<ByteStream> compressed,
                                                     Compression compression) {
  switch (compression) {
    case Compression::kGzip:
    case Compression::kZlib:
    case Compression::kRawDeflate:
      return std::make_unique<DeflateStream>(std::move(compressed), compression);
    case Compression::kZstd:
      return std::make_unique<ZstdStream>(std::move(compressed));
    case Compression::kNone:
      break;
  }
  return compressed;
}

}  // namespace leat::source
