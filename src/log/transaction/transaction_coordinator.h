// Transactions over the partitions of one log: who may write under a transactional id, and the one
// point at which all of a transaction is committed.
//
// Commit, in two rounds of syncs: the transaction's records in all partitions; then one record in
// __transaction_state. Then the markers, in memory: readers see the records from there on. The
// markers reach the disk later; if they do not, recovery writes them again from the record. The
// record of the next transaction replaces this one, and so waits for the markers. A transaction
// without such a record is aborted by recovery; aborting needs no record.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "log/segment/partition.h"
#include "log/topic_io.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {

struct TransactionalId;  // the state of one, shared by its writers

// Thread-safe. Must outlive its writers.
class TransactionCoordinator {
 public:
  using FindPartition = std::function<Result<Partition*>(const TopicPartition&)>;
  TransactionCoordinator(const LogEnvironment& environment, FindPartition find);
  ~TransactionCoordinator();

  // At the start: completes transactions that were committed and aborts all others that are open in
  // `partitions`. `state` is the partition of __transaction_state, or nullptr if there is none yet.
  Result<void> recover(Partition* state, const std::vector<Partition*>& partitions);

  // Fences older writers of the id and aborts their transaction; durable when it returns.
  Result<std::unique_ptr<TopicWriter>> open_writer(const std::string& transactional_id,
                                                   Partition& state);

 private:
  friend class TransactionWriter;
  using Waits = std::vector<std::pair<Partition*, Partition::Ticket>>;

  std::shared_ptr<TransactionalId> find_or_create(const std::string& transactional_id);
  Result<void> wait_for_all(const Waits& waits);
  Result<void> write_state(Partition& state, const std::string& transactional_id,
                           const TransactionRecord& record);
  Result<void> begin_epoch(TransactionalId& id, Partition& state);
  Result<void> commit(TransactionalId& id, Partition& state);
  Result<void> end(TransactionalId& id, ControlType type);

  LogEnvironment environment_;
  FindPartition find_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<TransactionalId>> ids_;
  int64_t next_producer_id_ = 0;
};

}  // namespace leat::log
