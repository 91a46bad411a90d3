#include "base/uuid.h"

#include <fmt/format.h>

#include <cstdint>
#include <random>

namespace leat {

std::string random_uuid() {
  std::random_device device;
  const auto word = [&device] { return (uint64_t{device()} << 32) | device(); };
  const uint64_t high = (word() & 0xffffffffffff0fffULL) | 0x4000ULL;
  const uint64_t low = (word() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

}  // namespace leat
