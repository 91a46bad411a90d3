#include "base/file_system.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

// A pipe would wait for its other end.
TEST(RealFileSystem, OpensFilesOnly) {
  TemporaryDirectory directory;
  const Path pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const Path socket = directory.path() / "socket";
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::vector<std::pair<Path, std::string>> cases = {
      {socket, "is a socket, not a file"},
      {pipe, "is a named pipe, not a file"},
      {directory.path(), "is a directory, not a file"},
      {"/dev/zero", "is a device, not a file"},
  };
  for (const auto& [path, expected] : cases) {
    const auto opened = real_file_system().open(path, OpenMode::kRead);
    ASSERT_FALSE(opened.ok()) << path;
    EXPECT_NE(opened.error().message().find(expected), std::string::npos)
        << opened.error().message();
  }
  EXPECT_FALSE(real_file_system().open(pipe, OpenMode::kReadWrite).ok());
  ::close(listener);
}

}  // namespace
}  // namespace leat
