// What the coordinator knows of one transactional id.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "log/segment/partition.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {

// `mutex` guards all; whoever sets `busy` under it owns the rest until leave(), without the lock.
struct TransactionalId {
  explicit TransactionalId(std::string its_name) : name(std::move(its_name)) {}

  // The lock, when nobody is busy.
  std::unique_lock<std::mutex> lock_when_idle() {
    std::unique_lock lock(mutex);
    idle.wait(lock, [this] { return !busy; });
    return lock;
  }
  // Ends what began by setting `busy`.
  void leave() {
    {
      const std::lock_guard lock(mutex);
      busy = false;
    }
    idle.notify_all();
  }

  const std::string name;
  std::mutex mutex;
  std::condition_variable idle;  // busy became false
  bool busy = false;

  int64_t producer_id = 0;
  int16_t producer_epoch = -1;
  bool open = false;  // a transaction

  // Of ids that another program writes under.
  bool of_client = false;
  int32_t timeout_ms = 0;
  int64_t started_ms = 0;
  bool ending = false;                      // nothing is appended to the open transaction now
  std::set<TopicPartition> added;           // to the open transaction; durable
  std::optional<ControlType> last_end;      // of the transaction before, for who asks again
  std::optional<int16_t> epoch_before_new;  // which the same producer had (KIP-360)

  struct Participant {
    int64_t producer_id = 0;
    Partition::Ticket ticket;  // of everything appended
  };
  std::map<Partition*, Participant> participants;  // of the open transaction
  // The markers of finished transactions, as far as they are not known to be on the disk.
  std::map<Partition*, Partition::Ticket> markers;
  using Ranges = std::vector<TransactionRecord::Range>;
  // Of the transactions that `markers` are of, if all of them were committed: the next record names
  // them, and need not wait for the markers.
  Ranges committed;
  // Of a transaction that was not committed, though its record may be on the disk: another record
  // takes that back before anything else happens.
  std::optional<Ranges> undecided;
  // A transaction whose end only a restart can find out or complete, and why.
  std::optional<Error> unfinished;
};

}  // namespace leat::log
