// The transactions of programs that write record batches themselves.
//
// What is durable when: a partition belongs to a transaction before records of it are taken, so
// that a start finds all of an open one and lets its producer go on. The record that says how it
// ends is on the disk before any marker, and behind all records of the transaction: their
// producer was told that they are durable, or asks for the end too early and waits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/pool/worker_pool.h"
#include "log/transaction/transaction_coordinator.h"
#include "log/transaction/transaction_io.h"

namespace leat::log {

// Thread-safe. The coordinator must outlive it.
class ClientTransactions final : public TransactionIo {
 public:
  // The partition of __transaction_state, made when it is missing.
  using OpenState = std::function<Result<Partition*>()>;
  ClientTransactions(TransactionCoordinator& coordinator, const LogEnvironment& environment,
                     OpenState open_state);
  ~ClientTransactions() override;

  // After the coordinator's recover(): the ids that it found.
  void adopt();
  // Waits for what is under way; what was asked and has not begun gets no answer.
  void stop();

  void new_producer(Answer answer) override;
  void init(std::string transactional_id, int32_t timeout_ms, ProducerIdentity current,
            Answer answer) override;
  void add_partitions(std::string transactional_id, ProducerIdentity producer,
                      std::vector<TopicPartition> partitions, Answer answer) override;
  void end(std::string transactional_id, ProducerIdentity producer, End end, bool new_epoch,
           Answer answer) override;
  void abort_expired() override;
  Result<void> abort_hanging(const TopicPartition& partition, ProducerIdentity producer) override;
  std::vector<TransactionInfo> transactions() override;
  void when_ended(Ended ended) override;

  // Appends within the open transaction of the producer, to which the partition must belong.
  struct Appended {
    std::optional<RefusedAppend> refused;
    Partition::Judged judged;
  };
  using Append = std::function<Result<Partition::Judged>()>;  // without I/O
  Appended append(Partition& target, const ProducerIdentity& producer, const Append& append);

 private:
  using IdPtr = std::shared_ptr<TransactionalId>;
  class Turn;

  void post(std::function<TransactionAnswer()> work, Answer answer);
  IdPtr find(const std::string& transactional_id);
  IdPtr find(int64_t producer_id);
  void remember(const IdPtr& id);
  TransactionAnswer give_id();
  TransactionAnswer do_init(const std::string& transactional_id, int32_t timeout_ms,
                            const ProducerIdentity& current);
  TransactionAnswer do_add(const std::string& transactional_id, const ProducerIdentity& producer,
                           const std::vector<TopicPartition>& partitions);
  TransactionAnswer do_end(const std::string& transactional_id, const ProducerIdentity& producer,
                           ControlType type, bool new_epoch);
  Result<void> begin_epoch(const IdPtr& id, Partition& state);
  Result<void> write_end(const IdPtr& id, Partition& state, ControlType type, bool new_epoch);
  Result<void> write_record(const TransactionalId& id, Partition& state, TransactionStatus status,
                            int16_t epoch, std::vector<TransactionRecord::Range> partitions);
  Result<void> replace_spent_producer(const IdPtr& id, Partition& state);

  TransactionCoordinator& coordinator_;
  LogEnvironment environment_;
  const OpenState open_state_;
  std::mutex mutex_;
  std::map<int64_t, IdPtr> by_producer_;  // those that may be asked for
  Ended ended_;
  std::unique_ptr<WorkerPool> pool_;  // last: its threads end first
};

}  // namespace leat::log
