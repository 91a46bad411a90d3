#include "base/spool.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace leat {
namespace {

TEST(Spool, GivesBackWhatItTook) {
  const TemporaryDirectory directory;
  for (const size_t lines : {0, 1, 3, 200'000}) {
    Spool spool(directory.path() / "spill");
    for (size_t i = 0; i < lines; ++i) {
      ASSERT_TRUE(
          spool.append("line " + std::to_string(i) + std::string(i % 100, 'x') + "\n").ok());
    }
    SpoolLines read(spool);
    std::string line;
    size_t count = 0;
    while (*read.next(line)) {
      ASSERT_EQ(line, "line " + std::to_string(count) + std::string(count % 100, 'x'));
      ++count;
    }
    EXPECT_EQ(count, lines);
  }
  EXPECT_EQ(real_file_system().list(directory.path() / "spill")->size(), 0u);
}

TEST(Spool, AFewBytesNeedNoFile) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(real_file_system().replace_file(directory.path() / "file", "no folder").ok());
  Spool spool(directory.path() / "file" / "spill");
  ASSERT_TRUE(spool.append("few").ok());
  EXPECT_EQ(spool.size(), 3u);
  EXPECT_EQ(*spool.read(), "few");
  EXPECT_EQ(*spool.read(), "");
  EXPECT_FALSE(spool.append(std::string(8 << 20, 'x')).ok());
}

}  // namespace
}  // namespace leat
