// Random operations on the log and on a model of it, with reopening, killing and power losses in
// between. The seed is printed; LEAT_TEST_SEED repeats a run.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "log/log.h"

namespace leat::log {
namespace {

constexpr int kSteps = 400;
constexpr int kPartitions = 3;

class LogModelTest : public testing::Test {
 protected:
  LogModelTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    const char* const given = std::getenv("LEAT_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
    files_ = std::make_unique<FaultyFileSystem>(seed_);
  }
  ~LogModelTest() override {
    log_.reset();
    set_log_sink(nullptr);
  }

  size_t up_to(size_t limit) { return random_() % limit; }

  void open() {
    LogOptions options;
    options.flush_threads = 2;
    options.lazy_flush_ms = 1;
    options.checkpoint_bytes = 1'000;
    options.batch_bytes = 300;
    auto opened = Log::open("/log", *files_, system_clock(), options);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    log_ = std::move(*opened);
    ASSERT_TRUE(log_->ensure_topic("t", {.partitions = kPartitions, .segment_bytes = 1'500}).ok());
  }

  // Records that say where they belong in the order of their partition.
  std::vector<std::string> make_values() {
    std::vector<std::string> values(1 + up_to(6));
    for (std::string& value : values)
      value = fmt::format("{} {}", ++counter_, std::string(up_to(200), 'x'));
    return values;
  }
  static std::vector<NewRecord> as_records(const std::vector<std::string>& values) {
    std::vector<NewRecord> records;
    for (const std::string& value : values)
      records.push_back({.key = "k", .value = value, .timestamp_ms = 1});
    return records;
  }

  void produce() {
    const auto partition = static_cast<int32_t>(up_to(kPartitions));
    const auto values = make_values();
    ASSERT_TRUE(log_->produce({"t", partition}, as_records(values)).ok());
    auto& expected = model_[static_cast<size_t>(partition)];
    expected.insert(expected.end(), values.begin(), values.end());
  }

  void transact(bool commit) {
    auto writer = log_->open_writer(fmt::format("writer-{}", up_to(3)));
    ASSERT_TRUE(writer.ok()) << writer.error().to_string();
    ASSERT_TRUE((*writer)->begin().ok());
    auto after = model_;
    for (size_t i = up_to(5); i > 0; --i) {
      const size_t partition = up_to(kPartitions);
      const auto values = make_values();
      ASSERT_TRUE(
          (*writer)->append({"t", static_cast<int32_t>(partition)}, as_records(values)).ok());
      after[partition].insert(after[partition].end(), values.begin(), values.end());
    }
    if (commit) {
      ASSERT_TRUE((*writer)->commit().ok());
      model_ = std::move(after);
    }
    // Otherwise the writer goes with its transaction open.
  }

  void restart() {
    const bool clean = up_to(2) == 0;
    if (clean) {
      log_.reset();
    } else {
      files_->crash_at_call(files_->calls() + 1);
      log_.reset();
      files_->restart(up_to(2) == 0 ? FaultyFileSystem::Loss::kPowerLost
                                    : FaultyFileSystem::Loss::kProcessKilled);
    }
    open();
  }

  void check() {
    for (size_t partition = 0; partition < kPartitions; ++partition) {
      std::vector<std::string> values;
      const TopicPartition name{"t", static_cast<int32_t>(partition)};
      const OffsetRange range = log_->offsets(name).value();
      for (int64_t offset = range.start; offset < range.end;) {
        const auto fetched = log_->fetch(name, offset, {.max_bytes = up_to(3'000)});
        ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
        for (const RecordView& record : fetched->records) values.emplace_back(*record.value);
        ASSERT_GT(fetched->next_offset, offset);
        offset = fetched->next_offset;
      }
      ASSERT_EQ(values, model_[partition]) << "partition " << partition;
    }
  }

  uint64_t seed_ = 0;
  std::mt19937_64 random_;
  std::unique_ptr<FaultyFileSystem> files_;
  std::unique_ptr<Log> log_;
  std::array<std::vector<std::string>, kPartitions> model_;
  uint64_t counter_ = 0;
};

TEST_F(LogModelTest, HoldsWhatTheModelHolds) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed_));
  open();
  for (int step = 0; step < kSteps && !HasFatalFailure(); ++step) {
    switch (up_to(10)) {
      case 0:
      case 1:
      case 2:
        produce();
        break;
      case 3:
      case 4:
      case 5:
        transact(true);
        break;
      case 6:
        transact(false);
        break;
      case 7:
        ASSERT_TRUE(log_->maintain().ok());
        break;
      case 8:
        restart();
        break;
      default:
        check();
    }
  }
  if (!HasFatalFailure()) check();
}

}  // namespace
}  // namespace leat::log
