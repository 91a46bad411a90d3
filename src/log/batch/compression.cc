#include "log/batch/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace leat::log {
namespace {

Error malformed(const char* format, const char* what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "{} data: {}", format, what);
}

// Makes room for at least one more byte; false when `max_bytes` are there already.
bool grow(ByteBuffer& output, size_t input_size, size_t max_bytes) {
  if (output.size() >= max_bytes) return false;
  output.reserve(
      std::min(max_bytes, std::max({output.capacity() * 2, input_size * 3, size_t{4096}})));
  return true;
}

Result<ByteBuffer> gunzip(Bytes input, size_t max_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return malformed("gzip", "out of memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  if (input.size() > std::numeric_limits<uInt>::max()) return malformed("gzip", "too large");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  ByteBuffer output;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (output.size() == output.capacity() && !grow(output, input.size(), max_bytes)) {
      return malformed("gzip", "larger than allowed");
    }
    const size_t room =
        std::min<size_t>(output.capacity() - output.size(), std::numeric_limits<uInt>::max());
    stream.next_out = reinterpret_cast<Bytef*>(output.data() + output.size());
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    output.resize(output.size() + room - stream.avail_out);
    if (status != Z_OK && status != Z_STREAM_END) return malformed("gzip", "damaged or cut off");
  }
  return output;
}

Result<size_t> append_snappy_block(ByteBuffer& output, Bytes block, size_t max_bytes) {
  const auto* const from = reinterpret_cast<const char*>(block.data());
  size_t size = 0;
  if (!snappy::GetUncompressedLength(from, block.size(), &size))
    return malformed("snappy", "no length");
  if (size > max_bytes - output.size()) return malformed("snappy", "larger than allowed");
  // Checked first, so that a lying length cannot make us allocate for nothing.
  if (!snappy::IsValidCompressedBuffer(from, block.size()))
    return malformed("snappy", "damaged or cut off");
  auto* const to = reinterpret_cast<char*>(output.extend(size));
  if (!snappy::RawUncompress(from, block.size(), to))
    return malformed("snappy", "damaged or cut off");
  return size;
}

// snappy-java's framing: a magic, two versions, then blocks with their compressed lengths.
Result<ByteBuffer> unsnappy(Bytes input, size_t max_bytes) {
  static constexpr std::string_view kXerialMagic("\x82SNAPPY\0", 8);
  constexpr size_t kXerialHeaderSize = 16;
  ByteBuffer output;
  if (input.size() < kXerialHeaderSize ||
      as_text(input.first(kXerialMagic.size())) != kXerialMagic) {
    LEAT_TRY(append_snappy_block(output, input, max_bytes));
    return output;
  }
  for (input = input.subspan(kXerialHeaderSize); !input.empty();) {
    if (input.size() < 4) return malformed("snappy", "cut off");
    const auto size = load_big_endian<uint32_t>(input.data());
    input = input.subspan(4);
    if (size > input.size()) return malformed("snappy", "cut off");
    LEAT_TRY(append_snappy_block(output, input.first(size), max_bytes));
    input = input.subspan(size);
  }
  return output;
}

Result<ByteBuffer> unlz4(Bytes input, size_t max_bytes) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) {
    return malformed("lz4", "out of memory");
  }
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context(
      raw, LZ4F_freeDecompressionContext);
  ByteBuffer output;
  const size_t input_size = input.size();
  for (size_t expected = 1; expected != 0;) {
    if (output.size() == output.capacity() && !grow(output, input_size, max_bytes)) {
      return malformed("lz4", "larger than allowed");
    }
    size_t produced = output.capacity() - output.size();
    size_t consumed = input.size();
    expected = LZ4F_decompress(context.get(), output.data() + output.size(), &produced,
                               input.data(), &consumed, nullptr);
    if (LZ4F_isError(expected)) return malformed("lz4", "damaged");
    if (expected != 0 && produced == 0 && consumed == 0) return malformed("lz4", "cut off");
    output.resize(output.size() + produced);
    input = input.subspan(consumed);
  }
  return output;
}

Result<ByteBuffer> unzstd(Bytes input, size_t max_bytes) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                   ZSTD_freeDCtx);
  if (!context) return malformed("zstd", "out of memory");
  ByteBuffer output;
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  for (size_t expected = 1; expected != 0;) {
    if (output.size() == output.capacity() && !grow(output, input.size(), max_bytes)) {
      return malformed("zstd", "larger than allowed");
    }
    const size_t consumed_before = in.pos;
    ZSTD_outBuffer out{output.data() + output.size(), output.capacity() - output.size(), 0};
    expected = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(expected)) return malformed("zstd", "damaged");
    if (expected != 0 && out.pos == 0 && in.pos == consumed_before)
      return malformed("zstd", "cut off");
    output.resize(output.size() + out.pos);
  }
  return output;
}

}  // namespace

Result<ByteBuffer> decompress(Compression compression, Bytes input, size_t max_bytes) {
  switch (compression) {
    case Compression::kGzip:
      return gunzip(input, max_bytes);
    case Compression::kSnappy:
      return unsnappy(input, max_bytes);
    case Compression::kLz4:
      return unlz4(input, max_bytes);
    case Compression::kZstd:
      return unzstd(input, max_bytes);
    case Compression::kNone:
      break;
  }
  return internal_error("decompress() of uncompressed records");
}

}  // namespace leat::log
