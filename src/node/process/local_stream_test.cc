#include "pipeline/running/local_stream.h"

#include <gmock/gmock.h>

#include <future>

#include "base/logging.h"
#include "base/time/fake_clock.h"
#include "node/instance/instance_for_test.h"
#include "pipeline/dead_letter/letters_for_test.h"

namespace leat::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Holds back what it is given until somebody asks for the second time whether it is due.
class HoldingSink final : public sink::Sink {
 public:
  explicit HoldingSink(std::promise<void>& visible) : visible_(visible) {}
  Result<void> prepare(const std::vector<store::Column>&) override { return {}; }
  Result<sink::Delivery> deliver(const sink::EpochIdentity&, const store::RowBatch&) override {
    holds_ = true;
    return sink::Delivery();
  }
  Result<void> flush() override { return {}; }
  Result<std::optional<std::chrono::milliseconds>> flush_due() override {
    using Due = std::optional<std::chrono::milliseconds>;
    if (!holds_) return Due();
    if (++asked_ == 1) return Due(1);
    if (asked_ == 2) return external_error(Retry::kYes, "the disk is full for a moment");
    visible_.set_value();
    holds_ = false;
    return Due();
  }
  Result<void> close() override { return {}; }

 private:
  std::promise<void>& visible_;
  bool holds_ = false;
  int asked_ = 0;
};

// Fails so often, as a system that is down.
class DownSink final : public sink::Sink {
 public:
  explicit DownSink(std::atomic<int>& failures) : failures_(failures) {}
  Result<void> prepare(const std::vector<store::Column>&) override { return {}; }
  Result<sink::Delivery> deliver(const sink::EpochIdentity&, const store::RowBatch&) override {
    if (failures_-- > 0) return external_error(Retry::kYes, "it is down");
    return sink::Delivery();
  }
  Result<void> flush() override { return {}; }
  Result<std::optional<std::chrono::milliseconds>> flush_due() override {
    return std::optional<std::chrono::milliseconds>();
  }
  Result<void> close() override { return {}; }

 private:
  std::atomic<int>& failures_;
};

class LocalStreamTest : public test::InstanceTest {
 protected:
  LocalStreamTest() {
    stream_.name = "s";
    stream_.sql = "SELECT n::INTEGER AS n FROM t";
    config::Target target;
    target.connector = "table";
    target.place = config::TargetPlace::kTable;
    target.name = "x";
    stream_.into = {target};
    produce("t", "{\"n\":\"1\"}");
  }
  ~LocalStreamTest() override { running_.reset(); }

  void open() {
    running_.reset();
    auto* store = instance_->pipeline_store("p").value();
    pipeline::StreamContext context{.pipeline = "p",
                                    .store_id = store->store_id,
                                    .clock = clock_ != nullptr ? *clock_ : instance_->clock(),
                                    .topics = instance_->embedded_log(),
                                    .schemas = instance_->schemas(),
                                    .make_sink = make_sink_,
                                    .limits = {},
                                    .strict_topics = {},
                                    .after_epoch = [this] {
                                      const std::lock_guard lock(mutex_);
                                      ++epochs_;
                                      changed_.notify_all();
                                    }};
    auto runner = pipeline::StreamRunner::open(stream_, std::move(context), *store->database);
    ASSERT_TRUE(runner.ok()) << runner.error().to_string();
    running_ = std::make_unique<pipeline::LocalStream>(std::move(*runner), pool_, disk_);
  }
  // In the place of the stream's table: a mistake that no record and no time mends.
  void make_a_view() {
    auto connection = instance_->pipeline_store("p").value()->database->connect();
    ASSERT_TRUE((*connection)->run_ddl("CREATE VIEW x AS SELECT 1 AS n").ok());
  }
  void wait_for_epochs(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return epochs_ >= count; });
  }
  int64_t end() { return instance_->embedded_log().offsets({"t", 0}).value().end; }
  std::vector<pipeline::StreamLetter> letters() {
    auto connection = instance_->pipeline_store("p").value()->database->connect();
    return pipeline::test::all_letters(**connection);
  }
  pipeline::RedriveOutcome redrive() {
    const auto redriven = running_->redrive({.owner = "s"}, std::nullopt);
    EXPECT_TRUE(redriven.ok()) << redriven.error().to_string();
    return redriven.ok() ? redriven->outcome : pipeline::RedriveOutcome{};
  }

  // A target that is down for so many deliveries, in a stream that is tried again.
  void open_down(int failures) {
    set_log_sink([](LogLevel, std::string_view) {});
    clock_ = &fast_clock_;
    disk_ = &guard_;
    failures_ = failures;
    make_sink_ = [this](const auto&, const auto&) -> Result<std::unique_ptr<sink::Sink>> {
      return std::unique_ptr<sink::Sink>(std::make_unique<DownSink>(failures_));
    };
    stream_.into[0].connector = "hdfs";
    stream_.into[0].place = config::TargetPlace::kOutside;
    open();
  }
  template <class Condition>
  void wait_until(Condition condition) {
    while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  FakeClock fast_clock_;
  Clock* clock_ = nullptr;
  DiskGuard guard_{"/", system_clock()};
  DiskGuard* disk_ = nullptr;
  std::atomic<int> failures_ = 0;
  pipeline::SinkFactory make_sink_;
  config::Stream stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int epochs_ = 0;
  WorkerPool pool_{4};
  std::unique_ptr<pipeline::LocalStream> running_;
};

TEST_F(LocalStreamTest, EndsWhereItIsTold) {
  open();
  running_->start();
  produce("t", "{\"n\":\"2\"}");
  running_->finish_at({{0, end()}});
  ASSERT_TRUE(running_->join().ok());
  EXPECT_THAT(rows("p", "FROM x ORDER BY n"), ElementsAre("1", "2"));
  EXPECT_FALSE(running_->failure());
  EXPECT_EQ(running_->snapshot().progress.counts.used, 2);
  EXPECT_TRUE(running_->join().ok()) << "again";
}

TEST_F(LocalStreamTest, ItMayBeToldBeforeItStarts) {
  open();
  running_->finish_at({{0, end()}});
  running_->start();
  ASSERT_TRUE(running_->join().ok());
  EXPECT_THAT(rows("p", "FROM x"), ElementsAre("1"));
}

TEST_F(LocalStreamTest, TakesRecordsAsTheyArrive) {
  open();
  running_->start();
  wait_for_epochs(1);
  produce("t", "{\"n\":\"2\"}");
  wait_for_epochs(2);
  produce("t", "{\"n\":\"3\"}");
  wait_for_epochs(3);
  running_->stop();
  EXPECT_EQ(running_->join().error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(running_->failure()) << "to be stopped is no failure";
  EXPECT_EQ(rows("p", "FROM x").size(), 3U);
}

TEST_F(LocalStreamTest, LooksAtWhatIsDueWithoutFurtherRecords) {
  set_log_sink([](LogLevel, std::string_view) {});
  std::promise<void> visible;
  make_sink_ = [&](const auto&, const auto&) -> Result<std::unique_ptr<sink::Sink>> {
    return std::unique_ptr<sink::Sink>(std::make_unique<HoldingSink>(visible));
  };
  stream_.into[0].connector = "hdfs";
  stream_.into[0].place = config::TargetPlace::kOutside;
  open();
  running_->start();
  visible.get_future().wait();
  running_->stop();
  EXPECT_FALSE(running_->join().ok());
  EXPECT_FALSE(running_->failure()) << "what can be tried again is";
  set_log_sink(nullptr);
}

TEST_F(LocalStreamTest, StopsWhileItWaitsForRecords) {
  open();
  running_->start();
  wait_for_epochs(1);
  running_->stop();
  EXPECT_FALSE(running_->join().ok());
  EXPECT_EQ(running_->snapshot().lag, 0);
}

TEST_F(LocalStreamTest, OneThatNeverStartedHasNothingToJoin) {
  open();
  running_->stop();
  EXPECT_TRUE(running_->join().ok());
}

TEST_F(LocalStreamTest, SaysWhatEndedIt) {
  make_a_view();
  open();
  running_->start();
  const auto joined = running_->join();
  ASSERT_FALSE(joined.ok());
  ASSERT_TRUE(running_->failure());
  EXPECT_THAT(running_->failure()->message(), HasSubstr("x is a view"));
  EXPECT_EQ(running_->failure()->to_string(), joined.error().to_string());
}

TEST_F(LocalStreamTest, WhatMayPassIsTriedAgain) {
  open_down(pipeline::kDeliveryAttempts + 2);
  running_->start();
  wait_until([&] { return running_->trouble().has_value(); });
  EXPECT_THAT(running_->trouble()->message(), HasSubstr("it is down"));
  EXPECT_FALSE(running_->failure());
  wait_until([&] { return failures_ < 0; });
  wait_until([&] { return !running_->trouble(); });
  produce("t", "{\"n\":\"2\"}");
  wait_until([&] { return running_->snapshot().progress.counts.used == 2; });
  running_->stop();
  EXPECT_FALSE(running_->join().ok());
  EXPECT_FALSE(running_->failure());
  EXPECT_FALSE(running_->trouble());
  set_log_sink(nullptr);
}

TEST_F(LocalStreamTest, AStopEndsTheWaitBetweenTwoTries) {
  open_down(1'000'000);
  running_->start();
  wait_until([&] { return running_->trouble().has_value(); });
  running_->stop();
  EXPECT_EQ(running_->join().error().code(), ErrorCode::kCancelled);
  EXPECT_TRUE(running_->trouble()) << "what it failed with is told at the end";
  set_log_sink(nullptr);
}

TEST_F(LocalStreamTest, AUsersMistakeIsNotTriedAgain) {
  set_log_sink([](LogLevel, std::string_view) {});
  disk_ = &guard_;
  make_a_view();
  open();
  running_->start();
  EXPECT_EQ(running_->join().error().domain(), ErrorDomain::kUser);
  EXPECT_TRUE(running_->failure());
  set_log_sink(nullptr);
}

TEST_F(LocalStreamTest, RedrivesBetweenEpochsWhileItRuns) {
  produce("t", "{\"n\":\"two\"}");
  open();
  running_->start();
  wait_for_epochs(1);
  ASSERT_EQ(letters().size(), 1U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(redrive().failed_again, 1);
  }
  rows("p", R"(UPDATE __leat.dead_letters SET value = '{"n":"2"}'::BLOB)");
  EXPECT_EQ(redrive().redriven, 1);
  produce("t", "{\"n\":\"3\"}");
  running_->finish_at({{0, end()}});
  ASSERT_TRUE(running_->join().ok());
  EXPECT_THAT(rows("p", "FROM x ORDER BY n"), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(running_->snapshot().progress.counts.reconciles());
}

TEST_F(LocalStreamTest, RedrivesBeforeItStartsAndAfterItsEnd) {
  produce("t", "{\"n\":\"two\"}");
  open();
  running_->finish_at({{0, end()}});
  running_->start();
  ASSERT_TRUE(running_->join().ok());
  EXPECT_EQ(redrive().failed_again, 1);
  stream_.sql = "SELECT try_cast(n AS INTEGER) AS n FROM t";
  open();
  EXPECT_EQ(redrive().redriven, 1);
  EXPECT_TRUE(letters().empty());
}

}  // namespace
}  // namespace leat::node
