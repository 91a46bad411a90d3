// For tests: a stream over a real log into a real database, and outside sinks that do as told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/logging.h"
#include "base/time/fake_clock.h"
#include "pipeline/dead_letter/letters_for_test.h"
#include "pipeline/log_for_test.h"
#include "pipeline/running/stream_runner.h"
#include "store/cell.h"
#include "store/query_for_test.h"

namespace leat::pipeline::test {

// "1|abc|NULL" for each row.
inline std::vector<std::string> texts_of(const store::RowBatch& rows) {
  std::vector<std::string> texts;
  for (const auto& chunk : rows.chunks) {
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row) {
      std::string text;
      for (idx_t i = 0; i < rows.columns.size(); ++i) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        const store::LogicalType type(duckdb_vector_get_column_type(vector));
        text += (i > 0 ? "|" : "") + store::cell_text(vector, type.get(), row).value_or("NULL");
      }
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

constexpr int kForEver = 1'000'000'000;

// What an outside system was given, and how it behaves; it outlives its sinks. Its sink uses it on
// a thread of its own: to be looked at and changed by a test while nothing is delivered, or under
// `mutex`.
struct OutsideSystem {
  struct Delivered {
    sink::EpochIdentity epoch;
    std::vector<std::string> columns;
    std::vector<std::string> rows;
    std::vector<std::string> deletes;
  };
  std::vector<Delivered> attempts;                    // failed ones too
  std::map<uint64_t, std::vector<std::string>> kept;  // by epoch: what it took, once
  int failures = 0;                                   // so many deliveries fail from now on
  bool takes_before = false;  // a failing delivery has taken effect all the same
  Retry retry = Retry::kYes;  // of these failures
  int flushed = 0;
  int closed = 0;
  std::optional<uint64_t> newest;  // what it says of itself
  std::mutex mutex;
  std::optional<std::chrono::milliseconds> due_in;  // what waits for its time
  std::function<bool(const std::string& row)> refuses;

  // From now on.
  void fail(int times, bool takes_all_the_same = false, Retry of = Retry::kYes) {
    const std::lock_guard lock(mutex);
    failures = times;
    takes_before = takes_all_the_same;
    retry = of;
  }
  void forget() {
    const std::lock_guard lock(mutex);
    attempts.clear();
    kept.clear();
  }

  std::vector<std::string> rows() const {
    std::vector<std::string> all;
    for (const auto& [epoch, rows] : kept) all.insert(all.end(), rows.begin(), rows.end());
    return all;
  }
};

class OutsideSink final : public sink::Sink {
 public:
  explicit OutsideSink(OutsideSystem& system) : system_(system) {}

  Result<std::optional<uint64_t>> newest_epoch() override {
    const std::lock_guard lock(system_.mutex);
    return system_.newest;
  }

  Result<void> prepare(const std::vector<store::Column>& columns) override {
    columns_ = columns;
    return {};
  }
  Result<sink::Delivery> deliver(const sink::EpochIdentity& epoch,
                                 const store::RowBatch& rows) override {
    const std::lock_guard lock(system_.mutex);
    EXPECT_EQ(rows.columns, columns_) << "prepare() comes first whenever the columns change";
    OutsideSystem::Delivered delivered{
        .epoch = epoch, .columns = {}, .rows = texts_of(rows), .deletes = {}};
    for (const auto& column : rows.columns) {
      delivered.columns.push_back(column.name + " " + column.type);
    }
    for (const auto& removed : rows.deletes) delivered.deletes.push_back(removed.key);
    system_.attempts.push_back(delivered);
    const bool fails = system_.failures > 0;
    if (fails) --system_.failures;
    if (fails && !system_.takes_before) return external_error(system_.retry, "it is down");
    sink::Delivery outcome;
    auto& kept = system_.kept[epoch.epoch];
    kept.clear();
    for (uint32_t i = 0; i < delivered.rows.size(); ++i) {
      if (system_.refuses && system_.refuses(delivered.rows[i])) {
        outcome.refused.push_back({i, "refused " + delivered.rows[i]});
      } else {
        kept.push_back(delivered.rows[i]);
      }
    }
    if (fails) return external_error(system_.retry, "it went away");
    return outcome;
  }
  Result<void> flush() override {
    const std::lock_guard lock(system_.mutex);
    ++system_.flushed;
    return {};
  }
  Result<std::optional<std::chrono::milliseconds>> flush_due() override {
    const std::lock_guard lock(system_.mutex);
    return system_.due_in;
  }
  Result<void> close() override {
    const std::lock_guard lock(system_.mutex);
    ++system_.closed;
    return {};
  }

 private:
  OutsideSystem& system_;
  std::vector<store::Column> columns_;
};

// One stream over a topic: `t`, of one partition, unless the test makes another.
class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    set_log_sink([](LogLevel, std::string_view) {});
    stream_.name = "s";
    clock_.on_sleep = [] { std::this_thread::sleep_for(std::chrono::microseconds(100)); };
    log_.make_topic("t");
    open_files();
  }
  ~StreamTest() override { set_log_sink(nullptr); }

  void into(const std::string& type, const std::string& name,
            const std::vector<std::string>& key = {}) {
    config::Target target;
    target.connector = type;
    target.place = type == "console" || type == "hdfs" ? config::TargetPlace::kOutside
                                                       : config::TargetPlace::kTable;
    target.name = name;
    target.key = key;
    target.mode = key.empty() ? config::WriteMode::kAppend : config::WriteMode::kUpsert;
    stream_.into.push_back(target);
  }

  Result<void> try_open() {
    runner_.reset();
    StreamContext context{
        .pipeline = "p",
        .store_id = store_id_,
        .clock = clock_,
        .topics = *log_,
        .schemas = *schemas_,
        .make_sink = [this](const auto&,
                            const config::Target& target) -> Result<std::unique_ptr<sink::Sink>> {
          return std::unique_ptr<sink::Sink>(std::make_unique<OutsideSink>(outside_[target.name]));
        },
        .limits = limits_,
        .letters = letter_limits_,
        .backlog = backlog_limits_,
        .fresh = fresh_,
        .record_keys = {{topic_, {"id"}}},
        .strict_topics = strict_topics_,
        .after_epoch = {},
        .at_delivery = at_delivery_,
        .stop = stop_.get_token()};
    LEAT_ASSIGN(runner_, StreamRunner::open(stream_, std::move(context), *database_));
    return {};
  }
  void open() {
    const auto opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  }
  // The next process on the same directories.
  void restart() {
    runner_.reset();
    schemas_.reset();
    reader_.reset();
    database_.reset();
    log_.reopen();
    open_files();
  }

  Result<void> try_drain() {
    if (!runner_) return internal_error("the stream did not open");
    return runner_->drain(log_.ends(topic_), {});
  }
  void drain() {
    const auto drained = try_drain();
    ASSERT_TRUE(drained.ok()) << drained.error().to_string();
  }

  // Runs all letters again.
  Result<RedriveOutcome> try_redrive(const LetterFilter& filter = {.owner = "s"}) {
    RedriveOutcome outcome;
    std::optional<StreamLetter> after;
    do {
      LEAT_ASSIGN(auto redriven, runner_->redrive(filter, after));
      outcome += redriven.outcome;
      after = std::move(redriven.last);
    } while (after);
    LEAT_TRY(runner_->flush());
    return outcome;
  }

  std::vector<std::string> rows(const std::string& sql) {
    return store::test::lines_of(*reader_, sql);
  }

  StreamProgress progress() { return runner_ ? runner_->snapshot().progress : StreamProgress{}; }
  SinkCounts sink(const std::string& name) { return progress().sinks[name]; }
  std::vector<StreamLetter> letters() { return all_letters(*reader_); }
  size_t outbox() { return Outbox(*reader_).load(stream_.name).value().size(); }
  // All that was committed is delivered.
  void deliver() {
    const auto flushed = runner_->flush();
    ASSERT_TRUE(flushed.ok()) << flushed.error().to_string();
  }
  // Commits what the topic holds, and leaves it in the outbox as a process that dies does.
  void leave_undelivered(OutsideSystem& system, bool takes_all_the_same = false) {
    system.fail(kForEver, takes_all_the_same);
    open();
    while (runner_->run_epoch().value()) continue;
    wait_for_trouble();
    runner_.reset();
    system.fail(0);
  }
  // Until a delivery has failed.
  void wait_for_trouble() {
    while (runner_->snapshot().trouble.empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // The sums add up, and the letters are as many as are counted.
  void expect_reconciled() {
    std::map<std::string, int64_t> waiting;
    for (const auto& letter : letters()) waiting[letter.sink] += letter.stream == stream_.name;
    const auto& counts = progress().counts;
    EXPECT_TRUE(counts.reconciles());
    EXPECT_EQ(counts.dead_lettered - counts.discarded, waiting[""]);
    for (const auto& [name, sink] : progress().sinks) {
      EXPECT_EQ(sink.pending(), 0) << name;
      EXPECT_EQ(sink.dead_lettered - sink.discarded, waiting[name]) << name;
      if (!name.starts_with("table:") || sink.delivered == sink.replaced) continue;
      EXPECT_THAT(rows("SELECT count(*) FROM " + name.substr(6)),
                  ::testing::ElementsAre(std::to_string(sink.delivered - sink.replaced)))
          << name;
    }
  }

  TemporaryDirectory directory_;
  TestLog log_;
  FakeClock clock_;
  std::stop_source stop_;
  config::Stream stream_;
  EpochLimits limits_{.worth_ahead = 1};
  LetterLimits letter_limits_;
  BacklogLimits backlog_limits_;
  std::function<void(DeliveryStep)> at_delivery_;
  bool fresh_ = false;
  std::set<std::string> strict_topics_;
  std::map<std::string, OutsideSystem> outside_;  // by the target's name
  std::string topic_ = "t";
  std::string store_id_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> reader_;
  std::unique_ptr<TopicSchemas> schemas_;
  std::unique_ptr<StreamRunner> runner_;

 private:
  void open_files() {
    auto database = store::Database::open(directory_.path() / "p.duckdb");
    ASSERT_TRUE(database.ok()) << database.error().to_string();
    database_ = std::move(*database);
    reader_ = std::move(database_->connect()).value();
    store_id_ = StateStore(*reader_).open().value();
    auto schemas = TopicSchemas::open(*log_, clock_);
    ASSERT_TRUE(schemas.ok()) << schemas.error().to_string();
    schemas_ = std::move(*schemas);
  }
};

}  // namespace leat::pipeline::test
