// 64 bits that stand for a text, to recognise a page that was seen before.
#pragma once

#include <cstdint>
#include <string_view>

namespace leat::source {

// The same on every machine: fingerprints are stored in cursors. No defence against a server that
// wants two texts to look alike; it would only shorten its own list.
uint64_t fingerprint(std::string_view text, uint64_t seed = 0);

}  // namespace leat::source
