#include "store/metadata.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/temporary_directory.h"
#include "store/sqlite.h"

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

TEST_F(MetadataTest, ALostRunIsRestoredByItsId) {
  auto metadata = opened();
  EXPECT_FALSE(metadata->knows_run("an-id").value());
  const auto run = metadata->restore_run("an-id", "p", "hash", RunKind::kOnce, 100);
  ASSERT_TRUE(run.ok()) << run.error().to_string();
  EXPECT_TRUE(metadata->knows_run("an-id").value());
  EXPECT_EQ(metadata->find_open_run("p", RunKind::kOnce).value()->id, "an-id");
}

TEST_F(MetadataTest, VerifyingFindsDamageAndChangesNothing) {
  {
    ASSERT_TRUE(opened()->open_run("p", "hash", RunKind::kOnce, 100).ok());
  }
  EXPECT_TRUE(Metadata::verify(file_).ok());
  EXPECT_EQ(opened()->runs("p", 9)->size(), 1u);
  std::ofstream(file_, std::ios::binary | std::ios::in).seekp(4096) << std::string(4096, '\0');
  const auto damaged = Metadata::verify(file_);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code(), ErrorCode::kCorrupt) << damaged.error().to_string();
}

TEST_F(MetadataTest, ARunIsFoundAgainUntilItIsFinished) {
  std::string id;
  {
    auto metadata = opened();
    EXPECT_EQ(metadata->find_open_run("p", RunKind::kOnce).value(), std::nullopt);
    auto run = metadata->open_run("p", "hash", RunKind::kOnce, 100);
    ASSERT_TRUE(run.ok()) << run.error().to_string();
    id = run->id;
    auto second = metadata->open_run("p", "hash", RunKind::kOnce, 101);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
    EXPECT_TRUE(metadata->open_run("p", "hash", RunKind::kScheduled, 102).ok());
    EXPECT_TRUE(metadata->open_run("q", "hash", RunKind::kOnce, 103).ok());
  }
  auto metadata = opened();
  auto found = metadata->find_open_run("p", RunKind::kOnce).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, id);
  EXPECT_EQ(found->file_hash, "hash");
  EXPECT_EQ(found->started, 100);
  EXPECT_EQ(found->finished, std::nullopt);
  ASSERT_TRUE(metadata->finish_run(id, RunState::kDone, "{\"read\":1}", 200).ok());
  EXPECT_EQ(metadata->find_open_run("p", RunKind::kOnce).value(), std::nullopt);
  auto again = metadata->finish_run(id, RunState::kFailed, "", 201);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(metadata->open_run("p", "hash2", RunKind::kOnce, 300).ok());
  auto runs = metadata->runs("p", 2).value();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].file_hash, "hash2");
  runs = metadata->runs("p", 10).value();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[2].state, RunState::kDone);
  EXPECT_EQ(runs[2].finished, std::optional<Micros>(200));
  EXPECT_EQ(runs[2].summary, "{\"read\":1}");
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
    ASSERT_TRUE(database->run("UPDATE format SET version = 2").ok());
  }
  auto refused = Metadata::open(file_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message().find("newer Leat"), std::string::npos);
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
