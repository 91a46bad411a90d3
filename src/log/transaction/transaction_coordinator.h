// Transactions over the partitions of one log: who may write under a transactional id, and the one
// point at which all of a transaction is committed.
//
// Commit, in one round of syncs: the transaction's records in all partitions, and beside them one
// record in __transaction_state that names where they end. The transaction is committed when all of
// that is on the disk; recovery looks whether it is. Then the markers, in memory: readers see the
// records from there on. The markers reach the disk with what is written next, or a little later;
// until then the record, and the next one, say how the transaction ended, and recovery writes the
// markers again. A transaction without such a record is aborted by recovery; aborting needs no
// record. A commit that fails after its record was written is taken back by an empty record, before
// any marker: the failed write may still reach the disk (docs/decisions/011).
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
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

  // Syncs the markers of finished transactions, and takes back what was not taken back yet. What
  // recovery would still look at if that fails: nothing of it may be removed.
  struct Unsettled {
    std::map<TopicPartition, int64_t> needed;  // the first offset that has to stay
    std::set<TopicPartition> not_to_compact;
  };
  Unsettled settle(Partition* state);

  // Fences older writers of the id and aborts their transaction; durable when it returns.
  Result<std::unique_ptr<TopicWriter>> open_writer(const std::string& transactional_id,
                                                   Partition& state);
  // Fences the writers of the id, aborts their transaction, and removes it, with a tombstone. The
  // id with the latest producer id stays: its record keeps that from being given away again.
  Result<void> forget(const std::string& transactional_id, Partition& state);

 private:
  friend class TransactionWriter;
  friend class ClientTransactions;
  using Waits = std::vector<std::pair<Partition*, Partition::Ticket>>;

  std::shared_ptr<TransactionalId> find_or_create(const std::string& transactional_id);
  // One of this log's own writers has it.
  bool is_own_producer(int64_t producer_id);
  // One that was never given before, durably.
  Result<int64_t> new_producer_id(Partition& state);
  void begin_next_epoch(TransactionalId& id);
  // What recovery knows of an id by its last record.
  std::shared_ptr<TransactionalId> known_id(const std::string& name,
                                            const TransactionRecord& record);
  Result<void> wait_for_all(const Waits& waits);
  Result<Partition::Ticket> append_state(Partition& state, const std::string& transactional_id,
                                         const TransactionRecord& record);
  Result<void> write_state(Partition& state, const std::string& transactional_id,
                           const TransactionRecord& record);
  Result<void> write_tombstone(Partition& state, const std::string& transactional_id);
  Result<void> begin_epoch(TransactionalId& id, Partition& state);
  Result<void> finish_all(TransactionalId& id, Partition& state);
  Result<void> sync_markers(TransactionalId& id);
  Result<void> commit(TransactionalId& id, Partition& state);
  Result<void> undo(TransactionalId& id, Partition& state);
  Result<void> end(TransactionalId& id, ControlType type);

  LogEnvironment environment_;
  FindPartition find_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<TransactionalId>> ids_;
  int64_t next_producer_id_ = 0;
  int64_t reserved_producer_ids_ = 0;  // up to here, exclusive, they are not given again
  bool reserving_ = false;
  std::condition_variable reserved_;  // reserving_ became false
};

}  // namespace leat::log
