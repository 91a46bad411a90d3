// Decompression of record batches: what producers on the wire may have chosen. Leat writes none.
#pragma once

#include "base/result.h"
#include "log/batch/byte_buffer.h"
#include "log/batch/record_batch.h"

namespace leat::log {

// The bytes of a compressed batch's records. gzip (RFC 1952), snappy (raw, or in the xerial
// framing that Java writes), lz4 (frame format), zstd (RFC 8878). Thread-safe.
// Errors: kCorrupt when `input` is malformed, cut off, or gives more than `max_bytes`.
// REQUIRES: compression != kNone
Result<ByteBuffer> decompress(Compression compression, Bytes input, size_t max_bytes);

}  // namespace leat::log
