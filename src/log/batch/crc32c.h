// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of Kafka's record batches.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace leat::log {

// crc32c("123456789") is 0xe3069283. `seed` continues a checksum: crc32c(b, crc32c(a)) is that of
// a and b joined. Three interleaved SSE4.2 streams where the processor has them.
uint32_t crc32c(Bytes bytes, uint32_t seed = 0);

// The same from tables alone, for processors without the instruction; a test compares the two.
uint32_t crc32c_portable(Bytes bytes, uint32_t seed = 0);

}  // namespace leat::log
