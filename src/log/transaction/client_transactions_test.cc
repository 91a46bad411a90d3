// Transactions of programs that write record batches themselves, as a broker would pass them on.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <limits>
#include <map>
#include <set>

#include "base/faulty_file_system.h"
#include "log/batch/record_batch_builder.h"
#include "log/log.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {
namespace {

using End = TransactionIo::End;
using Values = std::vector<std::string>;

const TopicPartition kT{"t", 0};
const TopicPartition kU{"u", 0};

// A clock that stands until it is moved.
class StandingClock final : public Clock {
 public:
  Micros now() const override { return now_ms_ * 1'000; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::now();
  }
  bool sleep_for(std::chrono::microseconds /*duration*/, std::stop_token stop) override {
    return !stop.stop_requested();
  }
  std::atomic<int64_t> now_ms_ = 1'700'000'000'000;
};

// A producer as a client has it.
struct Producer {
  ProducerIdentity identity;
  std::map<TopicPartition, int32_t> sequences;
};

class Broker {
 public:
  Broker(FileSystem& files, Clock& clock) : files_(files), clock_(clock) {}

  Result<void> open() {
    log_.reset();
    LogOptions options;
    options.flush_threads = 1;
    options.lazy_flush_ms = 1;
    LEAT_ASSIGN(log_, Log::open("/log", files_, clock_, options));
    LEAT_TRY(log_->ensure_topic("t", {}));
    return log_->ensure_topic("u", {});
  }
  Log& log() { return *log_; }
  void close() { log_.reset(); }

  TransactionAnswer init(ProducerIdentity current = {}, int32_t timeout_ms = 60'000) {
    return ask([&](auto answer) {
      log_->transactions().init("app", timeout_ms, current, std::move(answer));
    });
  }
  TransactionAnswer add(const ProducerIdentity& producer, std::vector<TopicPartition> partitions) {
    return ask([&](auto answer) {
      log_->transactions().add_partitions("app", producer, std::move(partitions),
                                          std::move(answer));
    });
  }
  TransactionAnswer end(const ProducerIdentity& producer, End end, bool new_epoch = false) {
    return ask([&](auto answer) {
      log_->transactions().end("app", producer, end, new_epoch, std::move(answer));
    });
  }
  TransactionAnswer new_producer() {
    return ask([&](auto answer) { log_->transactions().new_producer(std::move(answer)); });
  }
  // One record; waits until it is durable.
  std::optional<AppendFault> write(Producer& producer, const TopicPartition& partition,
                                   const std::string& value) {
    int32_t& sequence = producer.sequences[partition];
    const NewRecord record{.key = "k", .value = value, .timestamp_ms = 1'700'000'000'000};
    const auto batches = encode_batches({&record, 1},
                                        {.id = producer.identity.id,
                                         .epoch = producer.identity.epoch,
                                         .base_sequence = sequence,
                                         .transactional = true},
                                        1'700'000'000'000, 1 << 20, 1 << 20);
    const auto appended = log_->batches().append_batch(partition, batches->front().view());
    if (appended.refused) return appended.refused->fault;
    std::promise<bool> told;
    log_->batches().when_durable(partition, appended.ticket,
                                 [&](Result<void> durable) { told.set_value(durable.ok()); });
    if (!told.get_future().get()) return AppendFault::kReadOnly;
    ++sequence;
    return std::nullopt;
  }
  Values read(const TopicPartition& partition) {
    Values values;
    const auto range = log_->offsets(partition);
    for (int64_t offset = range->start; offset < range->end;) {
      const auto fetched = log_->fetch(partition, offset, {});
      if (!fetched.ok()) {
        ADD_FAILURE() << fetched.error().to_string();
        break;
      }
      for (const RecordView& record : fetched->records) values.emplace_back(*record.value);
      offset = fetched->next_offset;
    }
    return values;
  }

 private:
  template <class Ask>
  TransactionAnswer ask(Ask ask_it) {
    std::promise<TransactionAnswer> told;
    ask_it([&](TransactionAnswer answer) { told.set_value(std::move(answer)); });
    return told.get_future().get();
  }

  FileSystem& files_;
  Clock& clock_;
  std::unique_ptr<Log> log_;
};

std::optional<TransactionFault> fault(const TransactionAnswer& answer) {
  return answer.refused ? std::optional(answer.refused->fault) : std::nullopt;
}

class ClientTransactionsTest : public testing::Test {
 protected:
  ClientTransactionsTest() { reopen(); }
  void reopen() {
    const auto opened = broker_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  }
  void crash() {
    files_.crash_at_call(files_.calls() + 1);
    // What is lost with the process, not what a clean end would write.
    EXPECT_FALSE(broker_.log().ensure_topic("never", {}).ok());
    broker_.close();
    files_.restart(FaultyFileSystem::Loss::kPowerLost);
    reopen();
  }
  Producer begin(std::vector<TopicPartition> partitions = {kT, kU}) {
    Producer producer{broker_.init().producer, {}};
    EXPECT_EQ(fault(broker_.add(producer.identity, std::move(partitions))), std::nullopt);
    return producer;
  }

  FaultyFileSystem files_{1};
  StandingClock clock_;
  Broker broker_{files_, clock_};
};

TEST_F(ClientTransactionsTest, AreVisibleWhenCommittedAndNeverWhenAborted) {
  Producer producer = begin();
  EXPECT_EQ(broker_.write(producer, kT, "1"), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kU, "2"), std::nullopt);
  EXPECT_EQ(broker_.read(kT), Values{});
  EXPECT_EQ(broker_.log().batches().fetch_batches(kT, 0, {})->next_offset, 1);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), Values{"1"});
  EXPECT_EQ(broker_.read(kU), Values{"2"});
  // The answer was lost.
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kAbort)), TransactionFault::kInvalidState);

  EXPECT_EQ(broker_.write(producer, kT, "3"), AppendFault::kNotInTransaction);
  EXPECT_EQ(fault(broker_.add(producer.identity, {kT})), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kT, "3"), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kU, "3"), AppendFault::kNotInTransaction);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kAbort)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), Values{"1"});
  const auto fetched =
      broker_.log().batches().fetch_batches(kT, 0, {.isolation = Isolation::kCommitted});
  EXPECT_EQ(fetched->aborted, (std::vector<AbortedRange>{{producer.identity.id, 2}}));
  EXPECT_GE(fetched->offsets.last_stable, 3);  // the marker itself is synced a little later
}

TEST_F(ClientTransactionsTest, AnOpenOneGoesOnAfterACrash) {
  Producer producer = begin();
  EXPECT_EQ(broker_.write(producer, kT, "1"), std::nullopt);
  crash();
  EXPECT_EQ(broker_.read(kT), Values{});
  ASSERT_EQ(broker_.log().transactions().transactions().size(), 1u);
  EXPECT_TRUE(broker_.log().transactions().transactions().front().open);
  EXPECT_EQ(broker_.write(producer, kT, "2"), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kU, "3"), std::nullopt);
  crash();
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), (Values{"1", "2"}));
  EXPECT_EQ(broker_.read(kU), Values{"3"});
  crash();
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), (Values{"1", "2"}));
  EXPECT_EQ(broker_.read(kU), Values{"3"});
}

TEST_F(ClientTransactionsTest, WhatWasAbortedStaysSoAfterACrash) {
  Producer producer = begin();
  EXPECT_EQ(broker_.write(producer, kT, "1"), std::nullopt);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kAbort)), std::nullopt);
  crash();
  EXPECT_EQ(fault(broker_.add(producer.identity, {kT})), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kT, "2"), std::nullopt);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  crash();
  EXPECT_EQ(broker_.read(kT), Values{"2"});
}

TEST_F(ClientTransactionsTest, ANewInstanceFencesTheOldOne) {
  Producer old = begin();
  EXPECT_EQ(broker_.write(old, kT, "1"), std::nullopt);
  Producer fresh = begin();
  EXPECT_EQ(fresh.identity.id, old.identity.id);
  EXPECT_EQ(fresh.identity.epoch, old.identity.epoch + 1);
  EXPECT_EQ(broker_.write(old, kT, "2"), AppendFault::kOldEpoch);
  EXPECT_EQ(fault(broker_.add(old.identity, {kT})), TransactionFault::kFenced);
  EXPECT_EQ(fault(broker_.end(old.identity, End::kCommit)), TransactionFault::kFenced);
  EXPECT_EQ(broker_.write(fresh, kT, "3"), std::nullopt);
  EXPECT_EQ(fault(broker_.end(fresh.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), Values{"3"});
  EXPECT_EQ(fault(broker_.end({12'345, 0}, End::kCommit)), TransactionFault::kUnknownProducer);
}

TEST_F(ClientTransactionsTest, AProducerGetsANewEpochWithEachEnd) {
  Producer producer = begin();
  EXPECT_EQ(broker_.write(producer, kT, "1"), std::nullopt);
  const auto ended = broker_.end(producer.identity, End::kCommit, true);
  EXPECT_EQ(fault(ended), std::nullopt);
  EXPECT_EQ(ended.producer.epoch, producer.identity.epoch + 1);
  // The answer was lost, or a batch of the transaction came late.
  EXPECT_EQ(broker_.end(producer.identity, End::kCommit, true).producer, ended.producer);
  EXPECT_EQ(broker_.write(producer, kT, "late"), AppendFault::kOldEpoch);
  producer = {ended.producer, {}};
  EXPECT_EQ(fault(broker_.add(producer.identity, {kT})), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kT, "2"), std::nullopt);
  crash();
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit, true)), std::nullopt);
  EXPECT_EQ(broker_.read(kT), (Values{"1", "2"}));
}

TEST_F(ClientTransactionsTest, AProducerCanAskForANewEpoch) {
  const Producer producer = begin();
  const auto bumped = broker_.init(producer.identity);
  EXPECT_EQ(bumped.producer.epoch, producer.identity.epoch + 1);
  EXPECT_EQ(broker_.init(producer.identity).producer, bumped.producer) << "the answer was lost";
  const auto again = broker_.init();
  EXPECT_EQ(fault(broker_.init(bumped.producer)), TransactionFault::kFenced);
  EXPECT_EQ(again.producer.epoch, bumped.producer.epoch + 1);
}

TEST_F(ClientTransactionsTest, EpochsThatAreUsedUpGiveANewProducer) {
  const int64_t first = broker_.init().producer.id;
  const std::string value =
      encode_transaction_record({.producer_id = first,
                                 .producer_epoch = std::numeric_limits<int16_t>::max() - 2,
                                 .partitions = {},
                                 .committed = {},
                                 .of_client = true,
                                 .timeout_ms = 60'000});
  const NewRecord record{.key = "app", .value = value, .timestamp_ms = 1'000};
  ASSERT_TRUE(broker_.log().produce({"__transaction_state", 0}, {&record, 1}).ok());
  crash();
  Values written;
  Producer producer = begin({kT});
  for (const std::string text : {"1", "2", "3"}) {
    if (text != "1") {
      EXPECT_EQ(fault(broker_.add(producer.identity, {kT})), std::nullopt);
    }
    EXPECT_EQ(broker_.write(producer, kT, text), std::nullopt);
    written.push_back(text);
    const auto ended = broker_.end(producer.identity, End::kCommit, true);
    EXPECT_EQ(fault(ended), std::nullopt);
    producer = {ended.producer, {}};
    crash();
    EXPECT_EQ(broker_.read(kT), written);
  }
  EXPECT_NE(producer.identity.id, first);
  EXPECT_EQ(producer.identity.epoch, 1);
}

TEST_F(ClientTransactionsTest, OneThatIsOpenTooLongIsAbortedAndItsProducerFenced) {
  Producer producer{broker_.init({}, 1'000).producer, {}};
  EXPECT_EQ(fault(broker_.add(producer.identity, {kT})), std::nullopt);
  EXPECT_EQ(broker_.write(producer, kT, "1"), std::nullopt);
  std::vector<TransactionInfo> ended;
  broker_.log().transactions().when_ended(
      [&](const TransactionInfo& info, End) { ended.push_back(info); });
  clock_.now_ms_ += 999;
  broker_.log().transactions().abort_expired();
  EXPECT_EQ(broker_.write(producer, kT, "2"), std::nullopt);
  clock_.now_ms_ += 1;
  ASSERT_TRUE(broker_.log().maintain().ok());
  EXPECT_EQ(broker_.write(producer, kT, "3"), AppendFault::kOldEpoch);
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), TransactionFault::kFenced);
  EXPECT_EQ(broker_.read(kT), Values{});
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].partitions, std::vector{kT});
}

TEST_F(ClientTransactionsTest, IdsOfProducersAreNeverGivenTwice) {
  std::set<int64_t> ids;
  for (int start = 0; start < 3; ++start) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ids.insert(broker_.new_producer().producer.id).second);
    crash();
  }
  EXPECT_TRUE(ids.insert(broker_.init().producer.id).second);
}

TEST_F(ClientTransactionsTest, LeatsOwnIdsAreTheirWriters) {
  auto own = broker_.log().open_writer("app");
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(fault(broker_.init()), TransactionFault::kReserved);
  own->reset();
  crash();
  EXPECT_EQ(fault(broker_.init()), TransactionFault::kReserved);
}

TEST_F(ClientTransactionsTest, RecordsOfTheBrokerBelongToThem) {
  const Producer producer = begin({kU});
  const NewRecord record{.key = "group", .value = "7", .timestamp_ms = 1'000};
  auto& io = broker_.log().batches();
  EXPECT_FALSE(io.append_records(kU, {&record, 1}, producer.identity).refused);
  EXPECT_EQ(io.append_records(kT, {&record, 1}, producer.identity).refused->fault,
            AppendFault::kNotInTransaction);
  EXPECT_EQ(broker_.read(kU), Values{});
  EXPECT_EQ(fault(broker_.end(producer.identity, End::kCommit)), std::nullopt);
  EXPECT_EQ(broker_.read(kU), Values{"7"});
}

TEST_F(ClientTransactionsTest, APartitionThatIsNotThereIsInNone) {
  const Producer producer = begin();
  EXPECT_EQ(fault(broker_.add(producer.identity, {{"none", 0}})),
            TransactionFault::kNoSuchPartition);
  EXPECT_EQ(fault(broker_.init({}, 0)), TransactionFault::kInvalidTimeout);
}

// The process ends at each call to the disk, in the middle of transactions over two partitions: a
// transaction is there in both or in neither, and what was answered holds.
TEST(ClientTransactions, ACrashLeavesNoHalfTransaction) {
  for (const auto loss :
       {FaultyFileSystem::Loss::kProcessKilled, FaultyFileSystem::Loss::kPowerLost}) {
    bool reached = true;
    for (uint64_t at = 1; reached; ++at) {
      SCOPED_TRACE(at);
      FaultyFileSystem files(at);
      StandingClock clock;
      Broker broker(files, clock);
      ASSERT_TRUE(broker.open().ok());
      Producer producer{broker.init().producer, {}};
      const uint64_t last = files.calls() + at;
      files.crash_at_call(last);
      Values committed;
      std::string unknown;  // asked to be committed, and not answered
      for (int i = 0; i < 4 && unknown.empty(); ++i) {
        const std::string value = std::to_string(i);
        if (fault(broker.add(producer.identity, {kT, kU})) || broker.write(producer, kT, value) ||
            broker.write(producer, kU, value)) {
          break;
        }
        const End end = i == 1 ? End::kAbort : End::kCommit;
        const bool answered = !fault(broker.end(producer.identity, end));
        if (end == End::kAbort) {
          if (!answered) break;
        } else if (answered) {
          committed.push_back(value);
        } else {
          unknown = value;
        }
      }
      reached = files.calls() >= last;
      broker.close();
      files.restart(loss);
      ASSERT_TRUE(broker.open().ok());
      // A new instance ends what is open.
      ASSERT_EQ(fault(broker.init()), std::nullopt);
      const Values read = broker.read(kT);
      EXPECT_EQ(broker.read(kU), read);
      Values both = committed;
      if (!unknown.empty()) both.push_back(unknown);
      EXPECT_TRUE(read == committed || read == both) << testing::PrintToString(read);
    }
  }
}

}  // namespace
}  // namespace leat::log
