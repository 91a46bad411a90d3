#include "sink/hdfs/parquet_directory.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/temporary_directory.h"
#include "sink/batch_for_test.h"

namespace leat::sink {
namespace {

using Texts = std::vector<std::vector<std::optional<std::string>>>;

class ManualClock final : public Clock {
 public:
  Micros now() const override { return 0; }
  std::chrono::steady_clock::time_point steady_now() const override { return now_; }
  bool sleep_for(std::chrono::microseconds, std::stop_token) override { return true; }
  std::chrono::steady_clock::time_point now_{};
};

// Fails the Nth call; `after` lets the call happen first, as a crash behind it would.
class FailingFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override {
    return call<std::unique_ptr<File>>([&] { return real_file_system().open(path, mode); });
  }
  Result<void> rename(const Path& from, const Path& to) override {
    return call<void>([&] { return real_file_system().rename(from, to); });
  }
  Result<void> remove(const Path& path) override {
    return call<void>([&] { return real_file_system().remove(path); });
  }
  Result<std::vector<std::string>> list(const Path& path) override {
    return call<std::vector<std::string>>([&] { return real_file_system().list(path); });
  }
  Result<void> create_directories(const Path& path) override {
    return call<void>([&] { return real_file_system().create_directories(path); });
  }
  Result<void> sync_directory(const Path& path) override {
    return call<void>([&] { return real_file_system().sync_directory(path); });
  }
  Result<bool> exists(const Path& path) override { return real_file_system().exists(path); }
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override {
    return real_file_system().lock(path);
  }

  int calls() const { return calls_; }

  int fail_at = 0;
  bool after = false;

 private:
  template <class T, class Call>
  Result<T> call(const Call& real) {
    const bool fails = ++calls_ == fail_at;
    if (fails && !after) return external_error(Retry::kYes, "the disk fails");
    auto result = real();
    if (fails) return external_error(Retry::kYes, "the disk fails");
    return result;
  }
  int calls_ = 0;
};

class ParquetDirectoryTest : public testing::Test {
 protected:
  ParquetDirectory sink(uint64_t target = 128 << 20, FileSystem& files = real_file_system()) {
    return {directory_, identity(0), {.target_bytes = target}, clock_, files};
  }
  EpochIdentity identity(uint64_t epoch) const { return {store_id_, "p", "task.raw", epoch, 0}; }
  Result<Delivery> deliver(ParquetDirectory& sink, uint64_t epoch, const std::string& sql) {
    const auto rows = test::batch(*connection_, sql);
    LEAT_TRY(sink.prepare(rows.columns));
    return sink.deliver(identity(epoch), rows);
  }
  Result<Delivery> deliver(ParquetDirectory& sink, uint64_t epoch) {
    return deliver(
        sink, epoch,
        fmt::format("SELECT {} AS epoch, i AS i, i AS input FROM range(10) r(i)", epoch));
  }
  Texts texts(const std::string& what) {
    auto result = connection_->query(fmt::format(
        "SELECT {} FROM read_parquet({}, union_by_name = true, hive_partitioning = false)", what,
        store::quoted_literal((directory_ / "*.parquet").string())));
    EXPECT_TRUE(result.ok()) << result.error().to_string();
    return result.ok() ? std::move(result->texts()).value() : Texts{};
  }
  size_t files_in(const Path& directory) {
    size_t count = 0;
    const auto names = real_file_system().list(directory);
    for (const auto& name : *names) count += name.ends_with(".parquet");
    return count;
  }

  TemporaryDirectory temporary_;
  Path directory_ = temporary_.path() / "it's data=1" / "users";
  ManualClock clock_;
  std::string store_id_ = "6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f";
  std::unique_ptr<store::Database> database_ = std::move(store::Database::open({})).value();
  std::unique_ptr<store::Connection> connection_ = std::move(database_->connect()).value();
};

TEST_F(ParquetDirectoryTest, EpochsWaitForEachOther) {
  auto sink = this->sink();
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) ASSERT_TRUE(deliver(sink, epoch).ok());
  EXPECT_EQ(files_in(directory_), 0u);
  EXPECT_EQ(files_in(directory_ / "_pending"), 3u);
  ASSERT_TRUE(sink.flush().ok());
  EXPECT_EQ(files_in(directory_), 1u);
  EXPECT_EQ(files_in(directory_ / "_pending"), 0u);
  EXPECT_EQ(texts("count(*), count(DISTINCT (epoch, i)), list(epoch)[1:11]"),
            (Texts{{"30", "30", "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]"}}));
  ASSERT_TRUE(sink.flush().ok());
  EXPECT_EQ(files_in(directory_), 1u);
}

TEST_F(ParquetDirectoryTest, SizeAndAgeMakeThemVisible) {
  auto small = sink(1);
  ASSERT_TRUE(deliver(small, 1).ok());
  EXPECT_EQ(files_in(directory_), 1u);
  auto sink = this->sink();
  ASSERT_TRUE(deliver(sink, 2).ok());
  clock_.now_ += std::chrono::minutes(9);
  ASSERT_TRUE(deliver(sink, 3).ok());
  EXPECT_EQ(files_in(directory_), 1u);
  clock_.now_ += std::chrono::minutes(1);
  ASSERT_TRUE(deliver(sink, 4).ok());
  EXPECT_EQ(files_in(directory_), 2u);
  EXPECT_EQ(texts("count(*)"), (Texts{{"40"}}));
}

TEST_F(ParquetDirectoryTest, AgeMakesThemVisibleWithoutADelivery) {
  using std::chrono::minutes;
  auto sink = this->sink();
  EXPECT_FALSE(sink.flush_due().value()) << "nothing waits";
  ASSERT_TRUE(deliver(sink, 1).ok());
  clock_.now_ += minutes(4);
  ASSERT_TRUE(deliver(sink, 2).ok());
  EXPECT_EQ(sink.flush_due().value(), minutes(6)) << "the oldest one counts";
  clock_.now_ += minutes(6) - std::chrono::microseconds(1);
  EXPECT_EQ(sink.flush_due().value(), std::chrono::milliseconds(1));
  EXPECT_EQ(files_in(directory_), 0u);
  clock_.now_ += std::chrono::microseconds(1);
  EXPECT_FALSE(sink.flush_due().value());
  EXPECT_EQ(files_in(directory_), 1u);
  EXPECT_EQ(texts("count(*)"), (Texts{{"20"}}));
}

TEST_F(ParquetDirectoryTest, WhatAnEarlierProcessLeftIsDueAtOnce) {
  {
    auto killed = this->sink();
    ASSERT_TRUE(deliver(killed, 1).ok());
  }
  auto sink = this->sink();
  EXPECT_FALSE(sink.flush_due().value());
  EXPECT_EQ(files_in(directory_), 1u);
}

TEST_F(ParquetDirectoryTest, WhatIsDueIsTriedAgainAfterAnError) {
  FailingFileSystem files;
  auto sink = this->sink(128 << 20, files);
  ASSERT_TRUE(deliver(sink, 1).ok());
  clock_.now_ += std::chrono::minutes(10);
  files.fail_at = files.calls() + 1;
  EXPECT_FALSE(sink.flush_due().ok());
  EXPECT_TRUE(sink.flush_due().ok());
  EXPECT_EQ(files_in(directory_), 1u);
  EXPECT_EQ(texts("count(*)"), (Texts{{"10"}}));
}

TEST_F(ParquetDirectoryTest, AnEpochThatComesAgainIsThereOnce) {
  auto sink = this->sink();
  ASSERT_TRUE(deliver(sink, 1).ok());
  ASSERT_TRUE(deliver(sink, 1).ok());
  ASSERT_TRUE(deliver(sink, 2).ok());
  ASSERT_TRUE(sink.flush().ok());
  ASSERT_TRUE(deliver(sink, 1).ok());
  ASSERT_TRUE(deliver(sink, 2).ok());
  ASSERT_TRUE(sink.close().ok());
  EXPECT_EQ(texts("count(*)"), (Texts{{"20"}}));
  auto next = this->sink();
  ASSERT_TRUE(deliver(next, 2).ok());
  ASSERT_TRUE(deliver(next, 3).ok());
  ASSERT_TRUE(next.close().ok());
  EXPECT_EQ(texts("count(*)"), (Texts{{"30"}}));
}

TEST_F(ParquetDirectoryTest, WhatWaitedInAnEarlierProcessBecomesVisible) {
  {
    auto sink = this->sink();
    ASSERT_TRUE(deliver(sink, 1).ok());
    ASSERT_TRUE(deliver(sink, 2).ok());
  }
  auto sink = this->sink();
  ASSERT_TRUE(sink.flush().ok());
  EXPECT_EQ(texts("count(*)"), (Texts{{"20"}}));
}

TEST_F(ParquetDirectoryTest, OtherColumnsAreAnotherFile) {
  auto sink = this->sink();
  ASSERT_TRUE(deliver(sink, 1, "SELECT 1 AS a, 0 AS input").ok());
  ASSERT_TRUE(deliver(sink, 2, "SELECT 'x' AS a, 2 AS b, 0 AS input").ok());
  ASSERT_TRUE(sink.close().ok());
  EXPECT_EQ(files_in(directory_), 2u);
}

TEST_F(ParquetDirectoryTest, EmptyEpochsAndDeletes) {
  auto sink = this->sink();
  store::RowBatch rows;
  rows.columns = {{"a", "INTEGER"}};
  rows.deletes = {{0, "k"}};
  ASSERT_TRUE(sink.prepare(rows.columns).ok());
  auto delivery = sink.deliver(identity(1), rows);
  ASSERT_TRUE(delivery.ok());
  EXPECT_TRUE(delivery->refused.empty());
  EXPECT_EQ(delivery->passed_over, 1u);
  ASSERT_TRUE(sink.close().ok());
  EXPECT_EQ(files_in(directory_), 0u);
}

TEST_F(ParquetDirectoryTest, RefusesTheRowsOfAnotherStore) {
  auto first = sink();
  ASSERT_TRUE(deliver(first, 1).ok());
  ASSERT_TRUE(first.close().ok());
  store_id_ = "00000000-7d0b-4c1e-9f4e-2f3b8c1d2e3f";
  auto second = sink();
  auto refused = deliver(second, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser);
  EXPECT_NE(refused.error().message().find("another store"), std::string::npos);
}

TEST_F(ParquetDirectoryTest, TypesComeBack) {
  auto sink = this->sink();
  const std::string values =
      "'6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID AS u, 12.345::DECIMAL(9,3) AS d, '2026-01-02 "
      "03:04:05.678901+00'::TIMESTAMPTZ AS t, "
      "[1, NULL] AS l, {'a': 1, 'HUGEINT': 2::HUGEINT} AS s, '\\x00\\xFF'::BLOB AS b, "
      "-170141183460469231731687303715884105727::HUGEINT AS h, "
      "MAP {'a': 1} AS m, true AS o, DATE '2026-01-02' AS da, 'b'::ENUM('a', 'b') AS e";
  ASSERT_TRUE(deliver(sink, 1, "SELECT " + values + ", 0 AS input").ok());
  ASSERT_TRUE(deliver(sink, 2, "SELECT " + values + ", 0 AS input").ok());
  ASSERT_TRUE(sink.close().ok());
  EXPECT_EQ(texts("DISTINCT u, d, t, l::VARCHAR, s::VARCHAR, b, h, m::VARCHAR, o, da, e, "
                  "typeof(d), typeof(t), typeof(u)"),
            (Texts{{"6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f", "12.345",
                    "2026-01-02 03:04:05.678901+00", "[1, NULL]", "{'a': 1, 'HUGEINT': 2}",
                    "\\x00\\xFF", "-170141183460469231731687303715884105727", "{a=1}", "true",
                    "2026-01-02", "b", "DECIMAL(9,3)", "TIMESTAMP WITH TIME ZONE", "UUID"}}));
}

TEST_F(ParquetDirectoryTest, WhatParquetWouldChangeIsText) {
  auto sink = this->sink();
  const std::string values =
      "INTERVAL '-1 month 2 days 3.000123 seconds' AS i, '12:00:00+05'::TIMETZ AS t, "
      "union_value(\"a)\" := 7) AS n, [INTERVAL '1.5 milliseconds'] AS l, "
      "{'u': union_value(x := 'a'), 'b': 2} AS s";
  ASSERT_TRUE(deliver(sink, 1, "SELECT " + values + ", 0 AS input").ok());
  ASSERT_TRUE(sink.close().ok());
  EXPECT_EQ(texts("i, t, n, l::VARCHAR, s::VARCHAR"),
            (Texts{{"-1 month 2 days 00:00:03.000123", "12:00:00+05", "7", "['00:00:00.0015']",
                    "{'u': a, 'b': 2}"}}));
}

TEST_F(ParquetDirectoryTest, Compressions) {
  for (const char* compression : {"snappy", "zstd", "gzip", "uncompressed"}) {
    const Path directory = temporary_.path() / compression;
    ParquetDirectory sink(directory, identity(0), {.compression = compression}, clock_,
                          real_file_system());
    ASSERT_TRUE(deliver(sink, 1).ok()) << compression;
    ASSERT_TRUE(sink.close().ok());
    EXPECT_EQ(files_in(directory), 1u);
  }
}

// A crash at, or just behind, every single call: the next process goes on, the epoch that failed
// and the one before it come again, and each row is there once.
TEST_F(ParquetDirectoryTest, EveryCrashPoint) {
  int points = 0;
  for (const bool after : {false, true}) {
    for (int fail_at = 1;; ++fail_at) {
      directory_ = temporary_.path() / fmt::format("crash-{}-{}", after, fail_at);
      FailingFileSystem files;
      files.fail_at = fail_at;
      files.after = after;
      bool failed = false;
      uint64_t next = 1;
      {
        auto sink = this->sink(1500, files);
        for (; next <= 4 && !failed; ++next) failed = !deliver(sink, next).ok();
        if (!failed) failed = !sink.close().ok();
      }
      auto sink = this->sink(1500);
      for (uint64_t epoch = next > 2 ? next - 2 : 1; epoch <= 4; ++epoch)
        ASSERT_TRUE(deliver(sink, epoch).ok());
      ASSERT_TRUE(sink.close().ok());
      ASSERT_EQ(texts("count(*), count(DISTINCT (epoch, i)), max(epoch)"),
                (Texts{{"40", "40", "4"}}))
          << fail_at;
      EXPECT_EQ(real_file_system().list(directory_ / "_pending").value().size(), 0u);
      if (!failed) break;
      ++points;
    }
  }
  EXPECT_GT(points, 30);
}

// The same without a crash: the framework tries again in the same process.
TEST_F(ParquetDirectoryTest, EveryFailureMayBeTriedAgain) {
  for (int fail_at = 1;; ++fail_at) {
    directory_ = temporary_.path() / fmt::format("retry-{}", fail_at);
    FailingFileSystem files;
    files.fail_at = fail_at;
    files.after = fail_at % 2 == 0;
    auto sink = this->sink(1500, files);
    int failures = 0;
    for (uint64_t epoch = 1; epoch <= 4; ++epoch) {
      while (!deliver(sink, epoch).ok()) ASSERT_LT(++failures, 3);
    }
    while (!sink.close().ok()) ASSERT_LT(++failures, 3);
    ASSERT_EQ(texts("count(*), count(DISTINCT (epoch, i))"), (Texts{{"40", "40"}})) << fail_at;
    if (failures == 0) break;
  }
}

}  // namespace
}  // namespace leat::sink
