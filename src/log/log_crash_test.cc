// Every call to the disk fails once, and the machine goes down at every call: what was acknowledged
// is there wholly, what was not is there wholly or not at all.
#include <gtest/gtest.h>

#include <cerrno>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "log/batch/byte_buffer.h"
#include "log/batch/record_batch.h"
#include "log/latest_by_key.h"
#include "log/log.h"

namespace leat::log {
namespace {

constexpr int kTransactions = 5;
constexpr int kPartitions = 2;

LogOptions small_options() {
  LogOptions options;
  options.flush_threads = 1;
  options.lazy_flush_ms = 1;
  options.checkpoint_bytes = 500;
  options.min_cleanable_ratio = 0;
  return options;
}

// What a client of the log was told.
struct Client {
  int attempted = 0;     // transactions begun
  int acknowledged = 0;  // the last one committed
  int produced = 0;      // records of the topic `plain` that were acknowledged
};

Result<void> make_topics(Log& log) {
  LEAT_TRY(log.ensure_topic("data", {.partitions = kPartitions, .segment_bytes = 600}));
  LEAT_TRY(log.ensure_topic("cursors",
                            {.cleanup_policy = CleanupPolicy::kCompact, .segment_bytes = 300}));
  return log.ensure_topic("plain", {.segment_bytes = 400});
}

Result<void> write_transaction(TopicWriter& writer, int number, bool commit) {
  const std::string text = std::to_string(number);
  const NewRecord record{.key = "k", .value = text};
  LEAT_TRY(writer.begin());
  for (int32_t i = 0; i < kPartitions; ++i) {
    LEAT_TRY(writer.append({"data", i}, {&record, 1}));
    LEAT_TRY(writer.append({"data", i}, {&record, 1}));
  }
  LEAT_TRY(writer.append({"cursors", 0}, {&record, 1}));
  return commit ? writer.commit() : writer.abort();
}

Result<int> read_cursor(Log& log) {
  LEAT_ASSIGN(const auto latest, read_latest(log, "cursors"));
  const auto cursor = latest.find("k");
  return cursor == latest.end() ? 0 : std::stoi(cursor->second);
}

Result<std::vector<int>> read_numbers(Log& log, const TopicPartition& partition) {
  std::vector<int> numbers;
  LEAT_ASSIGN(const OffsetRange range, log.offsets(partition));
  for (int64_t offset = range.start; offset < range.end;) {
    LEAT_ASSIGN(const FetchedRecords fetched, log.fetch(partition, offset, {}));
    for (const RecordView& record : fetched.records)
      numbers.push_back(std::stoi(std::string(*record.value)));
    offset = fetched.next_offset;
  }
  return numbers;
}

// From where the log stands, as a task does: fence, read the cursor, go on.
Result<void> work(Log& log, Client& client) {
  LEAT_TRY(make_topics(log));
  LEAT_ASSIGN(const auto writer, log.open_writer("client"));
  LEAT_ASSIGN(const int done, read_cursor(log));
  client.acknowledged = std::max(client.acknowledged, done);  // what was read once stays
  for (int number = done + 1; number <= kTransactions; ++number) {
    if (number % 3 == 0) LEAT_TRY(write_transaction(*writer, -number, false));
    client.attempted = number;
    LEAT_TRY(write_transaction(*writer, number, true));
    client.acknowledged = number;
    const std::string text = std::to_string(client.produced);
    const NewRecord record{.key = std::nullopt, .value = text};
    LEAT_TRY(log.produce({"plain", 0}, {&record, 1}));
    ++client.produced;
    if (number % 2 == 0) LEAT_TRY(log.maintain());
  }
  return {};
}

void check(Log& log, const Client& client, const std::string& where) {
  if (client.attempted == 0) return;  // the topics may not be there yet
  const auto cursor = read_cursor(log);
  ASSERT_TRUE(cursor.ok()) << where << ": " << cursor.error().to_string();
  EXPECT_GE(*cursor, client.acknowledged) << where;
  EXPECT_LE(*cursor, client.attempted) << where;
  std::vector<int> expected;
  for (int number = 1; number <= *cursor; ++number) expected.insert(expected.end(), 2, number);
  for (int32_t i = 0; i < kPartitions; ++i) {
    const auto numbers = read_numbers(log, {"data", i});
    ASSERT_TRUE(numbers.ok()) << where << ": " << numbers.error().to_string();
    EXPECT_EQ(*numbers, expected) << where;
  }
  const auto plain = read_numbers(log, {"plain", 0});
  ASSERT_TRUE(plain.ok()) << where << ": " << plain.error().to_string();
  EXPECT_GE(static_cast<int>(plain->size()), client.produced) << where;
  for (int i = 0; i < client.produced; ++i)
    EXPECT_NE(std::find(plain->begin(), plain->end(), i), plain->end());
}

class LogCrashTest : public testing::Test {
 protected:
  LogCrashTest() {
    set_log_sink([](LogLevel, std::string_view) {});
  }
  ~LogCrashTest() override { set_log_sink(nullptr); }

  // Opens the log, works, and closes it; an error is what a fault leads to.
  static void open_and_work(FaultyFileSystem& files, Client& client) {
    auto log = Log::open("/log", files, system_clock(), small_options());
    if (log.ok()) static_cast<void>(work(**log, client));
  }

  static void open_and_check(FaultyFileSystem& files, const Client& client,
                             const std::string& where) {
    auto log = Log::open("/log", files, system_clock(), small_options());
    ASSERT_TRUE(log.ok()) << where << ": " << log.error().to_string();
    check(**log, client, where);
  }

  static uint64_t calls_without_faults() {
    FaultyFileSystem files(1);
    Client client;
    open_and_work(files, client);
    EXPECT_EQ(client.acknowledged, kTransactions);
    return files.calls();
  }
};

TEST_F(LogCrashTest, APowerLossAtEveryCallLosesNothingAcknowledged) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; ++call) {
    const std::string where = "down at call " + std::to_string(call);
    FaultyFileSystem files(call);
    Client client;
    files.crash_at_call(call);
    open_and_work(files, client);
    files.restart(FaultyFileSystem::Loss::kPowerLost);
    open_and_check(files, client, where);
    if (HasFailure()) return;
    // It goes on, and the end is that of an undisturbed run.
    open_and_work(files, client);
    // The last transaction may have been committed without its client learning of it.
    client.acknowledged = kTransactions;
    open_and_check(files, client, where + ", resumed");
    if (HasFailure()) return;
  }
}

TEST_F(LogCrashTest, APowerLossDuringRecoveryLosesNothingEither) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; call += 9) {
    for (uint64_t later = 1; later <= 30; later += 4) {
      const std::string where = fmt::format("down at call {} and {} calls later", call, later);
      FaultyFileSystem files(call * 1000 + later);
      Client client;
      files.crash_at_call(call);
      open_and_work(files, client);
      files.restart(FaultyFileSystem::Loss::kPowerLost);
      files.crash_at_call(files.calls() + later);
      open_and_work(files, client);
      files.restart(FaultyFileSystem::Loss::kPowerLost);
      open_and_check(files, client, where);
      if (HasFailure()) return;
    }
  }
}

TEST_F(LogCrashTest, AFailureDuringRecoveryLosesNothingThatWasRead) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; call += 7) {
    for (uint64_t later = 1; later <= 25; later += 2) {
      const std::string where = fmt::format("down at call {}, EIO {} calls later", call, later);
      FaultyFileSystem files(call * 1000 + later);
      Client client;
      files.crash_at_call(call);
      open_and_work(files, client);
      files.restart(FaultyFileSystem::Loss::kProcessKilled);
      files.fail_call(files.calls() + later, EIO);
      open_and_work(files, client);
      files.restart(FaultyFileSystem::Loss::kPowerLost);
      open_and_check(files, client, where);
      if (HasFailure()) return;
    }
  }
}

// What a disk may leave when it writes in an order of its own: the record of the commit and the
// last batch are there, a batch in the middle is not.
TEST_F(LogCrashTest, ATransactionWithAHoleIsAbortedEverywhere) {
  for (const bool hole : {false, true}) {
    FaultyFileSystem files(1);
    LogOptions options = small_options();
    options.lazy_flush_ms = 1'000'000;  // no marker reaches the disk
    {
      auto log = std::move(Log::open("/log", files, system_clock(), options)).value();
      ASSERT_TRUE(make_topics(*log).ok());
      auto writer = std::move(log->open_writer("client")).value();
      ASSERT_TRUE(write_transaction(*writer, 1, true).ok());
      ASSERT_TRUE(write_transaction(*writer, 2, true).ok());
      files.crash_at_call(files.calls() + 1);
    }
    files.restart(FaultyFileSystem::Loss::kProcessKilled);
    if (hole) {
      // After two batches and a marker comes the first batch of the second transaction.
      const auto file =
          std::move(files.open("/log/data-1/00000000000000000000.log", OpenMode::kReadWrite))
              .value();
      const uint64_t size = file->size().value();
      ByteBuffer bytes;
      bytes.resize(size);
      ASSERT_TRUE(file->read_at(0, bytes.mutable_view()).ok());
      uint64_t position = 0;
      for (int batch = 0; batch < 3; ++batch) {
        position += parse_batch_header(bytes.view().subspan(position))->size();
      }
      ASSERT_TRUE(file->write_at(position + kBatchHeaderSize, as_bytes("hole")).ok());
    }
    auto log = std::move(Log::open("/log", files, system_clock(), options)).value();
    EXPECT_EQ(read_cursor(*log).value(), hole ? 1 : 2);
    const std::vector<int> expected = hole ? std::vector{1, 1} : std::vector{1, 1, 2, 2};
    EXPECT_EQ(read_numbers(*log, {"data", 0}).value(), expected);
    if (hole) {
      EXPECT_EQ(log->fetch({"data", 1}, 0, {}).value().records.size(), 2U);
    } else {
      EXPECT_EQ(read_numbers(*log, {"data", 1}).value(), expected);
    }
    files.crash_at_call(files.calls() + 1);
  }
}

TEST_F(LogCrashTest, AKilledProcessLosesNothingAcknowledged) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; call += 3) {
    FaultyFileSystem files(call);
    Client client;
    files.crash_at_call(call);
    open_and_work(files, client);
    files.restart(FaultyFileSystem::Loss::kProcessKilled);
    open_and_check(files, client, "killed at call " + std::to_string(call));
    if (HasFailure()) return;
  }
}

TEST_F(LogCrashTest, AFailingCallIsNeverAcknowledgedOver) {
  const uint64_t calls = calls_without_faults();
  for (const int error : {EIO, ENOSPC}) {
    for (uint64_t call = 1; call <= calls; ++call) {
      std::string where = fmt::format("errno {} at call {}", error, call);
      FaultyFileSystem files(call);
      Client client;
      files.fail_call(call, error);
      {
        auto log = Log::open("/log", files, system_clock(), small_options());
        if (const auto worked = log.ok() ? work(**log, client) : Result<void>(); !worked.ok()) {
          where += ": " + worked.error().to_string();
          check(**log, client, where + ", still open");
          if (HasFailure()) return;
          // Once more in the same process: it works, or is refused, but never lies.
          static_cast<void>(work(**log, client));
          check(**log, client, where + ", tried again");
          if (HasFailure()) return;
        }
        // The rest is lost, the process with it.
        files.crash_at_call(files.calls() + 1);
      }
      files.restart(FaultyFileSystem::Loss::kPowerLost);
      open_and_check(files, client, where + ", started again");
      if (HasFailure()) return;
    }
  }
}

// The process outlives it: what did not fit was refused, and when there is room again the same log
// takes everything.
TEST_F(LogCrashTest, AFullDiskAtEveryCallStopsNothingForGood) {
  const uint64_t calls = calls_without_faults();
  for (uint64_t call = 1; call <= calls; call += 2) {
    std::string where = fmt::format("full at call {}", call);
    FaultyFileSystem files(call);
    Client client;
    files.fill_at_call(call);
    auto log = Log::open("/log", files, system_clock(), small_options());
    if (log.ok()) {
      for (int attempt = 0; attempt < 3; ++attempt) {
        if (const auto worked = work(**log, client); !worked.ok()) {
          EXPECT_EQ(worked.error().code(), ErrorCode::kNoSpace) << worked.error().to_string();
        }
        check(**log, client, where);
        if (HasFailure()) return;
      }
      files.make_room();
      const auto worked = work(**log, client);
      ASSERT_TRUE(worked.ok()) << where << ": " << worked.error().to_string();
      EXPECT_EQ(client.acknowledged, kTransactions) << where;
      check(**log, client, where + ", emptied");
      if (HasFailure()) return;
      // Nothing that is synced depends on how the process ends.
      files.crash_at_call(files.calls() + 1);
      log->reset();
    }
    files.restart(FaultyFileSystem::Loss::kPowerLost);
    open_and_check(files, client, where + ", started again");
    if (HasFailure()) return;
  }
}

// The same writer, too: what it could not commit is taken back before its next transaction.
TEST_F(LogCrashTest, AWriterGoesOnWhenThereIsRoomAgain) {
  int refused = 0;
  for (uint64_t call = 1; call <= 40; ++call) {
    const std::string where = fmt::format("full at call {} of the transactions", call);
    FaultyFileSystem files(call);
    auto log = std::move(Log::open("/log", files, system_clock(), small_options())).value();
    ASSERT_TRUE(make_topics(*log).ok());
    const auto writer = std::move(log->open_writer("client")).value();
    files.fill_at_call(files.calls() + call);
    for (int number = 1; number <= kTransactions; ++number) {
      const auto written = write_transaction(*writer, number, true);
      if (written.ok()) continue;
      ++refused;
      EXPECT_EQ(written.error().code(), ErrorCode::kNoSpace) << written.error().to_string();
      files.make_room();
      const auto again = write_transaction(*writer, number, true);
      ASSERT_TRUE(again.ok()) << where << ": " << again.error().to_string();
    }
    check(*log, {.attempted = kTransactions, .acknowledged = kTransactions, .produced = 0}, where);
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace leat::log
