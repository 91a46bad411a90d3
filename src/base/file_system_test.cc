#include "base/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temporary_directory.h"

namespace leat {
namespace {

TEST(RealFileSystem, WritesReadsAndReplaces) {
  TemporaryDirectory directory;
  FileSystem& files = real_file_system();
  const Path path = directory.path() / "a";
  ASSERT_TRUE(files.replace_file(path, "one").ok());
  ASSERT_TRUE(files.replace_file(path, "three").ok());
  EXPECT_EQ(files.read_file(path).value(), "three");
  EXPECT_EQ(files.list(directory.path()).value(), std::vector<std::string>{"a"});
}

TEST(RealFileSystem, SaysWhatIsMissing) {
  TemporaryDirectory directory;
  const auto opened = real_file_system().open(directory.path() / "none", OpenMode::kRead);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(opened.error().message().find("none"), std::string::npos);
}

TEST(RealFileSystem, ASecondLockNamesTheHolder) {
  TemporaryDirectory directory;
  const auto first = real_file_system().lock(directory.path() / "lock");
  ASSERT_TRUE(first.ok());
  const auto second = real_file_system().lock(directory.path() / "lock");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kInUse);
  EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string::npos);
}

}  // namespace
}  // namespace leat
