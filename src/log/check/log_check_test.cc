// Damage of every kind: that it is found, that looking changes nothing, and what mending leaves.
#include "log/check/log_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/faulty_file_system.h"
#include "base/logging.h"
#include "log/log.h"
#include "log/log_files.h"
#include "log/segment/offset_checkpoint.h"
#include "log/segment/segment.h"
#include "log/topics/topic_catalog.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {
namespace {

using Offsets = std::vector<int64_t>;

const TopicPartition kPartition{"t", 0};
const Path kLog = "/log";
const Path kDirectory = kLog / "t-0";

// A disk in memory with a log that was closed: records of 100 bytes, each a batch of its own of 172
// bytes, five to a segment; and a compacted topic of three keys.
class Disk {
 public:
  explicit Disk(uint64_t seed = 1) : files_(seed) {
    set_log_sink([](LogLevel, std::string_view) {});
    const auto log = open();
    EXPECT_TRUE(log->ensure_topic("t", {.segment_bytes = 1'000}).ok());
    EXPECT_TRUE(log->ensure_topic("__map", {.cleanup_policy = CleanupPolicy::kCompact}).ok());
    produce(*log, 12);
    for (const std::string key : {"a", "b", "c"}) {
      const NewRecord record{.key = key, .value = key, .timestamp_ms = 1'000};
      EXPECT_TRUE(log->produce({"__map", 0}, {&record, 1}).ok());
    }
  }
  ~Disk() { set_log_sink(nullptr); }

  static void produce(Log& log, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string value(100, static_cast<char>('a' + i));
      const NewRecord record{.key = std::nullopt, .value = value, .timestamp_ms = 1'000 + i};
      EXPECT_TRUE(log.produce(kPartition, {&record, 1}).ok());
    }
  }
  std::unique_ptr<Log> open() {
    auto opened = Log::open(kLog, files_, system_clock());
    EXPECT_TRUE(opened.ok()) << opened.error().to_string();
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  CheckReport check() {
    auto report = check_log(files_, kLog, "now");
    EXPECT_TRUE(report.ok()) << report.error().to_string();
    return report.ok() ? std::move(*report) : CheckReport{};
  }
  // Mends everything, and returns the files that hold what was taken out.
  std::vector<Path> mend() {
    std::vector<Path> kept;
    for (const Damage& damage : check().damages) {
      auto mended = damage.mend();
      EXPECT_TRUE(mended.ok()) << mended.error().to_string();
      if (mended.ok()) kept.insert(kept.end(), mended->begin(), mended->end());
    }
    EXPECT_TRUE(check().damages.empty()) << check().damages.front().what;
    return kept;
  }
  // What a stream reads that begins at the first offset.
  static Offsets read(Log& log, const TopicPartition& partition = kPartition) {
    Offsets offsets;
    const OffsetRange range = log.offsets(partition).value();
    for (int64_t offset = range.start; offset < range.end;) {
      const auto fetched = log.fetch(partition, offset, {.max_bytes = 200});
      EXPECT_TRUE(fetched.ok()) << fetched.error().to_string();
      if (!fetched.ok()) break;
      for (const RecordView& record : fetched->records) offsets.push_back(record.offset);
      offset = fetched->next_offset;
    }
    return offsets;
  }
  Offsets read() { return read(*open()); }

  static Path segment(int64_t base) { return kDirectory / segment_file_name(base, kLogExtension); }
  void write(const Path& path, uint64_t at, const std::string& bytes) {
    EXPECT_TRUE(
        files_.open(path, OpenMode::kReadWrite).value()->write_at(at, as_bytes(bytes)).ok());
  }
  void truncate(const Path& path, uint64_t size) {
    EXPECT_TRUE(files_.open(path, OpenMode::kReadWrite).value()->truncate(size).ok());
  }
  void remove(const Path& path) { EXPECT_TRUE(files_.remove(path).ok()); }
  uint64_t size(const Path& path) {
    return files_.open(path, OpenMode::kRead).value()->size().value();
  }
  FaultyFileSystem& files() { return files_; }

 private:
  FaultyFileSystem files_;
};

constexpr uint64_t kBatch = 170;

TEST(LogCheck, AnIntactLogHasNoDamage) {
  Disk disk;
  const uint64_t calls = disk.files().calls();
  EXPECT_TRUE(disk.check().damages.empty());
  EXPECT_TRUE(disk.check().notes.empty());
  EXPECT_EQ(disk.files().calls(), calls) << "looking changes nothing";
  EXPECT_TRUE(check_log(disk.files(), "/elsewhere", "now")->damages.empty());
}

TEST(LogCheck, ADamagedBatchIsTakenOutAndReadingGoesOverIt) {
  Disk disk;
  disk.write(Disk::segment(5), kBatch + 100, "?");
  const uint64_t calls = disk.files().calls();
  const auto report = disk.check();
  ASSERT_EQ(report.damages.size(), 1u);
  EXPECT_EQ(report.damages[0].file, Disk::segment(5));
  EXPECT_EQ(report.damages[0].what,
            "bytes 170 to 340 hold no valid record batch, where record 6 was");
  EXPECT_NE(report.damages[0].loss.find("record 6 of t-0"), std::string::npos);
  EXPECT_EQ(disk.files().calls(), calls) << "looking changes nothing";

  const auto kept = disk.mend();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(disk.size(kept[0]), kBatch);
  EXPECT_EQ(disk.read(), (Offsets{0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11}));
  const auto log = disk.open();
  Disk::produce(*log, 2);
  EXPECT_EQ(Disk::read(*log).back(), 13);
}

TEST(LogCheck, DamageOfEveryShapeLosesNoOtherRecord) {
  struct Case {
    const char* what;
    std::function<void(Disk&)> damage;
    Offsets left;
    size_t kept;
  };
  const auto without = [](Offsets gone) {
    Offsets left;
    for (int64_t i = 0; i < 12; ++i) {
      if (std::find(gone.begin(), gone.end(), i) == gone.end()) left.push_back(i);
    }
    return left;
  };
  const std::vector<Case> cases = {
      {"a length", [](Disk& d) { d.write(Disk::segment(0), 8, "\x7f"); }, without({0}), 1},
      {"an offset that jumps ahead", [](Disk& d) { d.write(Disk::segment(0), kBatch + 6, "\x40"); },
       without({1}), 1},
      {"an offset that jumps far", [](Disk& d) { d.write(Disk::segment(0), kBatch, "\x40"); },
       without({1}), 1},
      {"an offset that goes back",
       [](Disk& d) { d.write(Disk::segment(5), 2 * kBatch + 7, "\x01"); }, without({7}), 1},
      {"zeros over three batches",
       [](Disk& d) { d.write(Disk::segment(0), kBatch + 50, std::string(400, '\0')); },
       without({1, 2, 3}), 1},
      {"two places of one segment",
       [](Disk& d) {
         d.write(Disk::segment(5), 100, "?");
         d.write(Disk::segment(5), 3 * kBatch + 100, "?");
       },
       without({5, 8}), 2},
      {"the whole of a segment",
       [](Disk& d) { d.write(Disk::segment(5), 0, std::string(5 * kBatch, '?')); },
       without({5, 6, 7, 8, 9}), 1},
      {"the end of a full segment", [](Disk& d) { d.truncate(Disk::segment(5), 4 * kBatch + 20); },
       without({9}), 1},
      {"a full segment emptied", [](Disk& d) { d.truncate(Disk::segment(5), 0); },
       without({5, 6, 7, 8, 9}), 0},
      {"the first segment", [](Disk& d) { d.remove(Disk::segment(0)); }, without({0, 1, 2, 3, 4}),
       0},
      {"a segment between", [](Disk& d) { d.remove(Disk::segment(5)); }, without({5, 6, 7, 8, 9}),
       0},
      {"the last segment", [](Disk& d) { d.remove(Disk::segment(10)); }, without({10, 11}), 0},
      {"the end, acknowledged", [](Disk& d) { d.truncate(Disk::segment(10), kBatch + 20); },
       without({11}), 1},
      {"a zeroed end, acknowledged",
       [](Disk& d) { d.write(Disk::segment(10), kBatch, std::string(kBatch, '\0')); },
       without({11}), 0},
      {"every segment",
       [](Disk& d) {
         for (const int64_t base : {0, 5, 10}) d.remove(Disk::segment(base));
       },
       {},
       0},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    Disk disk;
    each.damage(disk);
    ASSERT_FALSE(disk.check().damages.empty());
    EXPECT_EQ(disk.mend().size(), each.kept);
    const auto log = disk.open();
    EXPECT_EQ(Disk::read(*log), each.left);
    EXPECT_EQ(log->offsets(kPartition)->end, 12);
    Disk::produce(*log, 1);
    EXPECT_EQ(Disk::read(*log).back(), 12);
  }
}

TEST(LogCheck, ATornTailIsLeftToTheNextStart) {
  Disk disk;
  disk.remove(kLog / kRecoveryPointName);
  disk.truncate(Disk::segment(10), 2 * kBatch - 10);
  const auto report = disk.check();
  EXPECT_TRUE(report.damages.empty());
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0],
            "t-0: 160 bytes at the end were never acknowledged; the next start cuts them");
}

TEST(LogCheck, ACompactedTopicThatLostItsEndIsRefusedUntilItIsMended) {
  Disk disk;
  disk.truncate(kLog / "__map-0" / segment_file_name(0, kLogExtension), 0);
  const auto refused = Log::open(kLog, disk.files(), system_clock());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(refused.error().message().find("leat repair"), std::string::npos);
  disk.mend();
  const auto log = disk.open();
  EXPECT_EQ(Disk::read(*log, {"__map", 0}), Offsets{});
  EXPECT_EQ(log->offsets({"__map", 0})->end, 3);
}

TEST(LogCheck, APartitionWithoutAnySegmentIsRefusedUntilItIsMended) {
  Disk disk;
  disk.remove(kLog / kRecoveryPointName);
  for (const int64_t base : {0, 5, 10}) disk.remove(Disk::segment(base));
  EXPECT_EQ(Log::open(kLog, disk.files(), system_clock()).error().code(), ErrorCode::kCorrupt);
  disk.mend();
  EXPECT_EQ(disk.read(), Offsets{});
}

TEST(LogCheck, ALostListOfTopicsIsMadeFromTheDirectories) {
  for (const bool removed : {true, false}) {
    Disk disk;
    const TopicId id = disk.open()->topic_id("t").value();
    if (removed) {
      disk.remove(kLog / kCatalogName);
    } else {
      disk.write(kLog / kCatalogName, 0, "?");
    }
    const auto refused = Log::open(kLog, disk.files(), system_clock());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt) << refused.error().to_string();
    EXPECT_EQ(disk.mend().size(), removed ? 0u : 1u);
    const auto log = disk.open();
    EXPECT_EQ(log->topics().value(), (std::vector<std::string>{"__map", "t"}));
    EXPECT_EQ(log->describe("__map")->cleanup_policy, CleanupPolicy::kCompact);
    EXPECT_EQ(log->topic_id("t").value(), id);
    EXPECT_EQ(Disk::read(*log).size(), 12u);
  }
}

TEST(LogCheck, ATopicWhoseNameInTheListIsDamagedComesBack) {
  Disk disk;
  const std::string text = disk.files().read_file(kLog / kCatalogName).value();
  disk.write(kLog / kCatalogName, text.find("\nt ") + 1, "u");
  EXPECT_FALSE(Log::open(kLog, disk.files(), system_clock()).ok());
  disk.mend();
  EXPECT_EQ(disk.open()->topics().value(), (std::vector<std::string>{"__map", "t"}));
  EXPECT_EQ(disk.read().size(), 12u);
}

TEST(LogCheck, DamagedCheckpointsAreMadeAnew) {
  Disk disk;
  const OffsetCheckpoint starts{{kPartition, 5}};
  ASSERT_TRUE(write_offset_checkpoint(disk.files(), kLog / kLogStartName, starts).ok());
  disk.remove(Disk::segment(0));
  EXPECT_TRUE(disk.check().damages.empty());
  for (const std::string_view name : {kRecoveryPointName, kLogStartName}) {
    disk.write(kLog / name, 0, "?");
  }
  EXPECT_EQ(Log::open(kLog, disk.files(), system_clock()).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(disk.mend().size(), 2u);
  EXPECT_EQ(disk.read(), (Offsets{5, 6, 7, 8, 9, 10, 11}));
}

TEST(LogCheck, AnOffsetBeforeTheFirstIsDamage) {
  for (const std::string_view name : {kRecoveryPointName, kLogStartName}) {
    Disk disk;
    ASSERT_TRUE(write_offset_checkpoint(disk.files(), kLog / name, {{kPartition, -5}}).ok());
    const auto refused = Log::open(kLog, disk.files(), system_clock());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(refused.error().message().find("t-0 has the offset -5"), std::string::npos);
    EXPECT_EQ(disk.mend().size(), 1u);
    EXPECT_EQ(disk.read(), (Offsets{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  }
}

TEST(LogCheck, AFirstOffsetBehindTheLastIsDamage) {
  Disk disk;
  const OffsetCheckpoint starts{{kPartition, 500}};
  ASSERT_TRUE(write_offset_checkpoint(disk.files(), kLog / kLogStartName, starts).ok());
  EXPECT_EQ(Log::open(kLog, disk.files(), system_clock()).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(disk.mend().size(), 1u);
  EXPECT_EQ(disk.read().size(), 12u);
}

TEST(LogCheck, ANumberOfPartitionsThatNoTopicHasIsDamage) {
  Disk disk;
  const TopicCatalog listed{{"t", {TopicId::random(), {.partitions = 99'999'999}}}};
  ASSERT_TRUE(disk.files().replace_file(kLog / kCatalogName, encode_topic_catalog(listed)).ok());
  EXPECT_EQ(Log::open(kLog, disk.files(), system_clock()).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(disk.mend().size(), 1u);
  EXPECT_EQ(disk.open()->partition_count("t").value(), 1);
  EXPECT_EQ(disk.read().size(), 12u);
}

TEST(LogCheck, ANewerVersionIsRefused) {
  Disk disk;
  disk.write(kLog / kRecoveryPointName, 0, "7");
  const auto report = check_log(disk.files(), kLog, "now");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kUnsupported);
}

TEST(LogCheck, ARecordThatIsNotWhatTheTopicIsForIsTakenOut) {
  Disk disk;
  const TopicPartition map{"__map", 0};
  {
    const auto log = disk.open();
    for (const std::string value : {"bad", "good"}) {
      const NewRecord record{.key = value, .value = value, .timestamp_ms = 1'000};
      ASSERT_TRUE(log->produce(map, {&record, 1}).ok());
    }
    const NewRecord garbage{.key = "some-id", .value = "no record", .timestamp_ms = 1'000};
    ASSERT_TRUE(log->ensure_topic(std::string(kTransactionStateTopic), {}).ok());
    ASSERT_TRUE(log->produce({std::string(kTransactionStateTopic), 0}, {&garbage, 1}).ok());
  }
  const RecordChecks checks = {{"__map", [](const RecordView& record) {
                                  return record.value == "bad"
                                             ? std::optional<std::string>("it is bad")
                                             : std::nullopt;
                                }}};
  const auto report = check_log(disk.files(), kLog, "now", checks);
  ASSERT_TRUE(report.ok()) << report.error().to_string();
  ASSERT_EQ(report->damages.size(), 2u);
  EXPECT_NE(report->damages[0].what.find("hold what Leat did not write: it is bad, where record 3"),
            std::string::npos)
      << report->damages[0].what;
  EXPECT_NE(report->damages[1].what.find("__transaction_state is malformed"), std::string::npos)
      << report->damages[1].what;
  for (const Damage& damage : report->damages) EXPECT_TRUE(damage.mend().ok());
  EXPECT_TRUE(check_log(disk.files(), kLog, "now", checks)->damages.empty());
  EXPECT_EQ(Disk::read(*disk.open(), map), (Offsets{0, 1, 2, 4}));
}

// Wherever a repair is killed, the next one finishes it, and no record is lost that was not.
TEST(LogCheck, ARepairThatIsKilledIsFinishedByTheNext) {
  for (const auto loss :
       {FaultyFileSystem::Loss::kProcessKilled, FaultyFileSystem::Loss::kPowerLost}) {
    for (uint64_t call = 1;; ++call) {
      SCOPED_TRACE(call);
      Disk disk(call);
      disk.write(Disk::segment(0), kBatch + 100, "?");
      disk.write(Disk::segment(5), 0, std::string(5 * kBatch, '?'));
      disk.remove(Disk::segment(10));
      disk.write(kLog / kCatalogName, 0, "?");
      // All of that is on the disk: what was done since the log was closed may not be undone.
      for (const int64_t base : {0, 5}) {
        ASSERT_TRUE(
            disk.files().open(Disk::segment(base), OpenMode::kReadWrite).value()->sync().ok());
      }
      ASSERT_TRUE(
          disk.files().open(kLog / kCatalogName, OpenMode::kReadWrite).value()->sync().ok());
      ASSERT_TRUE(disk.files().sync_directory(kDirectory).ok());
      const auto report = disk.check();
      const uint64_t before = disk.files().calls();
      disk.files().crash_at_call(before + call);
      bool finished = true;
      for (const Damage& damage : report.damages) finished = damage.mend().ok() && finished;
      disk.files().restart(loss);
      disk.mend();
      EXPECT_EQ(disk.read(), (Offsets{0, 2, 3, 4}));
      if (finished || testing::Test::HasFailure()) break;
    }
  }
}

}  // namespace
}  // namespace leat::log
