#include "source/format/decompressed_stream.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
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
  uint64_t block_at = 0;  // of the compressed data

  uint64_t position() const { return block_at + begin; }

  // Makes begin < end unless the stream is at its end.
  Result<void> refill() {
    if (begin < end) return {};
    block_at += end;
    begin = end = 0;
    LEAT_ASSIGN(end, stream->read(block));
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
      if (input_.begin == input_.end) {
        return damaged(
            fmt::format("the {} data ends early, at byte {}", name(), input_.position()));
      }
      inflate_.next_in = reinterpret_cast<Bytef*>(input_.block.data() + input_.begin);
      inflate_.avail_in = static_cast<uInt>(input_.end - input_.begin);
      const int code = inflate(&inflate_, Z_NO_FLUSH);
      input_.begin = input_.end - inflate_.avail_in;
      if (code == Z_STREAM_END) {
        between_members_ = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged(fmt::format("not valid {} data at byte {}: {}", name(),
                                   inflate_.total_out == 0 ? member_at_ : input_.position(),
                                   inflate_.msg != nullptr ? inflate_.msg : "damaged"));
      }
    }
    return static_cast<size_t>(room - inflate_.avail_out);
  }

 private:
  const char* name() const { return compression_ == Compression::kGzip ? "gzip" : "deflate"; }

  // What follows a member that is whole is another one, or zeros up to the end, with which tapes
  // and some servers fill up. Anything else may be a member that was damaged.
  Result<void> begin_next_member() {
    bool padded = false;
    do {
      LEAT_TRY(input_.refill());
      at_end_ = input_.begin == input_.end;
      if (at_end_) return {};
      for (; input_.begin < input_.end && input_.block[input_.begin] == std::byte{0};
           ++input_.begin) {
        padded = true;
      }
    } while (input_.begin == input_.end);
    member_at_ = input_.position();
    if (padded || compression_ != Compression::kGzip) {
      return damaged(fmt::format(
          "not valid {} data at byte {}: only zeros may stand behind its end", name(), member_at_));
    }
    inflateReset(&inflate_);
    between_members_ = false;
    return {};
  }

  const Compression compression_;
  CompressedInput input_;
  z_stream inflate_{};
  bool ready_ = false;
  uint64_t member_at_ = 0;
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
          if (!between_frames_) {
            return damaged(fmt::format("the zstd data ends early, at byte {}", input_.position()));
          }
          return size_t{0};
        }
      }
      ZSTD_inBuffer block{input_.block.data() + input_.begin, input_.end - input_.begin, 0};
      const size_t code = ZSTD_decompressStream(zstd_.get(), &output, &block);
      if (ZSTD_isError(code) != 0) {
        return damaged(fmt::format("not valid zstd data behind byte {}: {}", input_.position(),
                                   ZSTD_getErrorName(code)));
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
