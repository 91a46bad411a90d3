// A content that was compressed, as it was before.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "source/format/byte_stream.h"

namespace leat::source {

// kZlib (RFC 1950) and kRawDeflate (RFC 1951) are what servers call deflate.
enum class Compression : uint8_t { kNone, kGzip, kZstd, kZlib, kRawDeflate };

// Several gzip members or zstd frames in a row are one content, as gunzip and unzstd have it; zeros
// behind the last gzip member are padding. Errors: external kCorrupt, with the position in the
// compressed data, when it is damaged, ends early or is followed by something else.
std::unique_ptr<ByteStream> make_decompressed_stream(std::unique_ptr<ByteStream> compressed,
                                                     Compression compression);

}  // namespace leat::source
