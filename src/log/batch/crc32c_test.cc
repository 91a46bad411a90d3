#include "log/batch/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace leat::log {
namespace {

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c({}), 0u);
  // RFC 3720, B.4: 32 bytes of zeros, of ones, and ascending.
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62a8ab43u);
  std::string ascending(32, '\0');
  for (size_t i = 0; i < 32; ++i) ascending[i] = static_cast<char>(i);
  EXPECT_EQ(crc32c(as_bytes(ascending)), 0x46dd794eu);
}

TEST(Crc32c, BothImplementationsAgreeAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::string text(20'000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (size_t size = 0; size < 1'700; ++size) {
    const Bytes bytes = as_bytes(std::string_view(text).substr(size % 13, size));
    ASSERT_EQ(crc32c(bytes), crc32c_portable(bytes)) << size;
  }
  EXPECT_EQ(crc32c(as_bytes(text)), crc32c_portable(as_bytes(text)));
}

TEST(Crc32c, Continues) {
  const std::string text(5'000, 'x');
  const std::string_view view = text;
  EXPECT_EQ(crc32c(as_bytes(view.substr(1'234)), crc32c(as_bytes(view.substr(0, 1'234)))),
            crc32c(as_bytes(view)));
}

}  // namespace
}  // namespace leat::log
