#include "store/metadata/metadata.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/temporary_directory.h"
#include "store/metadata/sqlite.h"

namespace leat::store {
namespace {

// Lets SQLite read `left` times; after that every read fails, while it lives.
class FailingReads {
 public:
  explicit FailingReads(int left) {
    left_ = left;
    set(reinterpret_cast<sqlite3_syscall_ptr>(read));
  }
  ~FailingReads() { set(nullptr); }
  FailingReads(const FailingReads&) = delete;
  FailingReads& operator=(const FailingReads&) = delete;

 private:
  static ssize_t read(int file, void* bytes, size_t size, off_t at) {
    if (left_-- > 0) return ::pread(file, bytes, size, at);
    errno = EIO;
    return -1;
  }
  static void set(sqlite3_syscall_ptr call) {
    sqlite3_vfs* const files = sqlite3_vfs_find(nullptr);
    // Which of the two it reads with is a choice of its build.
    files->xSetSystemCall(files, "pread", call);
    files->xSetSystemCall(files, "pread64", call);
  }
  inline static int left_ = 0;
};

class MetadataTest : public testing::Test {
 protected:
  std::unique_ptr<Metadata> opened() {
    auto metadata = Metadata::open(file_);
    EXPECT_TRUE(metadata.ok()) << metadata.error().to_string();
    return std::move(metadata).value();
  }
  TemporaryDirectory directory_;
  Path file_ = directory_.path() / "meta.db";
};

TEST_F(MetadataTest, VerifyingFindsDamageAndChangesNothing) {
  {
    ASSERT_TRUE(opened()->runs().add({.name = {"p", "r"}}, 100).ok());
  }
  EXPECT_TRUE(Metadata::verify(file_).ok());
  EXPECT_EQ(opened()->runs().list(9)->size(), 1u);
  std::ofstream(file_, std::ios::binary | std::ios::in).seekp(4096) << std::string(4096, '\0');
  const auto damaged = Metadata::verify(file_);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code(), ErrorCode::kCorrupt) << damaged.error().to_string();
}

TEST_F(MetadataTest, KeepsSettings) {
  auto metadata = opened();
  EXPECT_EQ(metadata->setting("k").value(), std::nullopt);
  ASSERT_TRUE(metadata->set_setting("k", std::string("a\0b", 3)).ok());
  ASSERT_TRUE(metadata->set_setting("empty", "").ok());
  metadata.reset();
  metadata = opened();
  EXPECT_EQ(metadata->setting("k").value(), std::string("a\0b", 3));
  EXPECT_EQ(metadata->setting("empty").value(), "");
  ASSERT_TRUE(metadata->set_setting("k", "2").ok());
  EXPECT_EQ(metadata->setting("k").value(), "2");
  ASSERT_TRUE(metadata->remove_setting("k").ok());
  EXPECT_EQ(metadata->setting("k").value(), std::nullopt);
}

TEST_F(MetadataTest, RefusesANewerFormat) {
  {
    opened();
  }
  {
    auto database = SqliteDatabase::open(file_);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->run("UPDATE format SET version = 3").ok());
  }
  auto refused = Metadata::open(file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message().find("newer Leat"), std::string::npos);
}

TEST_F(MetadataTest, RefusesAnOlderFormatWithTheRemedy) {
  {
    opened();
  }
  {
    auto database = SqliteDatabase::open(file_);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->run("UPDATE format SET version = 1").ok());
  }
  for (const Error& refused : {Metadata::open(file_).error(), Metadata::verify(file_).error()}) {
    EXPECT_EQ(refused.code(), ErrorCode::kUnsupported);
    EXPECT_NE(refused.message().find("older Leat"), std::string::npos) << refused.message();
    EXPECT_NE(refused.message().find("--data DIR"), std::string::npos) << refused.message();
  }
}

TEST_F(MetadataTest, RefusesWhatIsNoDatabase) {
  std::ofstream(file_) << std::string(5000, 'x');
  auto refused = Metadata::open(file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt) << refused.error().to_string();
  EXPECT_NE(refused.error().message().find("meta.db"), std::string::npos);
  const Path nowhere = directory_.path() / "none" / "meta.db";
  const auto none = Metadata::open(nowhere);
  ASSERT_FALSE(none.ok());
  const std::string message = none.error().to_string();
  EXPECT_NE(message.find(nowhere.string()), std::string::npos) << message;
  EXPECT_NE(message.find("No such file"), std::string::npos) << message;
}

TEST_F(MetadataTest, AFailedReadIsNoDamage) {
  opened().reset();
  int failed = 0;
  for (int reads = 0; reads < 20; ++reads) {
    const FailingReads failing(reads);
    const auto refused = Metadata::open(file_);
    if (refused.ok()) continue;
    ++failed;
    const std::string message = refused.error().to_string();
    EXPECT_NE(refused.error().code(), ErrorCode::kCorrupt) << message;
    EXPECT_NE(message.find("Input/output error"), std::string::npos) << message;
    EXPECT_NE(message.find(file_.string()), std::string::npos) << message;
    EXPECT_EQ(message.find("leat repair"), std::string::npos) << message;
  }
  EXPECT_GT(failed, 3);
}

TEST_F(MetadataTest, TwoProcessesMayHaveItOpen) {
  auto first = opened();
  auto second = opened();
  ASSERT_TRUE(first->set_setting("a", "1").ok());
  ASSERT_TRUE(second->set_setting("a", "2").ok());
  EXPECT_EQ(first->setting("a").value(), "2");
}

}  // namespace
}  // namespace leat::store
