#include "log/transaction/transaction_coordinator.h"

#include <algorithm>
#include <limits>

#include "base/logging.h"
#include "log/batch/record_batch_builder.h"
#include "log/transaction/transaction_writer.h"
#include "log/transaction/transactional_id.h"

namespace leat::log {
namespace {

// The last record of every transactional id.
Result<std::map<std::string, TransactionRecord>> read_state(Partition& state) {
  std::map<std::string, TransactionRecord> latest;
  const OffsetRange range = state.offsets();
  for (int64_t offset = range.start; offset < range.end;) {
    LEAT_ASSIGN(const FetchedRecords fetched, state.fetch(offset, {}));
    for (const RecordView& record : fetched.records) {
      if (!record.key || !record.value) continue;
      LEAT_ASSIGN(latest[std::string(*record.key)], decode_transaction_record(*record.value));
    }
    offset = fetched.next_offset;
  }
  return latest;
}

// Whether the record is the commit of the transaction that is open in the partition.
bool commits(const TransactionRecord& record, const TopicPartition& partition,
             const OpenTransaction& open) {
  if (record.status != TransactionStatus::kPrepareCommit || record.producer_id != open.producer_id)
    return false;
  return std::any_of(record.partitions.begin(), record.partitions.end(), [&](const auto& end) {
    return end.partition == partition && open.first_offset < end.end_offset;
  });
}

}  // namespace

TransactionCoordinator::TransactionCoordinator(const LogEnvironment& environment,
                                               FindPartition find)
    : environment_(environment), find_(std::move(find)) {}

TransactionCoordinator::~TransactionCoordinator() = default;

Result<void> TransactionCoordinator::recover(Partition* state,
                                             const std::vector<Partition*>& partitions) {
  std::map<std::string, TransactionRecord> records;
  if (state != nullptr) {
    LEAT_ASSIGN(records, read_state(*state));
  }
  struct Known {
    const TransactionRecord* record = nullptr;
    TransactionalId* id = nullptr;
  };
  std::map<int64_t, Known> by_producer;
  for (const auto& [name, record] : records) {
    next_producer_id_ = std::max(next_producer_id_, record.producer_id + 1);
    auto id = std::make_shared<TransactionalId>(name);
    id->producer_id = record.producer_id;
    id->producer_epoch = record.producer_epoch;
    by_producer[record.producer_id] = {&record, id.get()};
    ids_.emplace(name, std::move(id));
  }
  Waits markers;
  for (Partition* const partition : partitions) {
    for (const OpenTransaction& open : partition->open_transactions()) {
      next_producer_id_ = std::max(next_producer_id_, open.producer_id + 1);
      const auto known = by_producer.find(open.producer_id);
      const bool committed =
          known != by_producer.end() && commits(*known->second.record, partition->name(), open);
      LEAT_ASSIGN(const auto ticket,
                  partition->append_marker(committed ? ControlType::kCommit : ControlType::kAbort,
                                           open.producer_id, open.producer_epoch));
      log_info("{}: the transaction of producer {} from offset {} on was {}",
               partition->name().to_string(), open.producer_id, open.first_offset,
               committed ? "committed" : "aborted");
      markers.emplace_back(partition, ticket);
      // The record that says how it ended is replaced only when the marker is on the disk.
      if (known != by_producer.end()) known->second.id->markers.emplace(partition, ticket);
    }
  }
  // Readers follow the markers in memory; without them on the disk the next start writes them
  // again, and no writer of that id is opened until then.
  if (auto written = wait_for_all(markers); !written.ok()) {
    log_warn("the end of an interrupted transaction could not be written: {}",
             written.error().to_string());
  }
  return {};
}

std::shared_ptr<TransactionalId> TransactionCoordinator::find_or_create(
    const std::string& transactional_id) {
  const std::lock_guard lock(mutex_);
  auto& id = ids_[transactional_id];
  if (!id) {
    id = std::make_shared<TransactionalId>(transactional_id);
    id->producer_id = next_producer_id_++;
  }
  return id;
}

Result<std::unique_ptr<TopicWriter>> TransactionCoordinator::open_writer(
    const std::string& transactional_id, Partition& state) {
  const std::shared_ptr<TransactionalId> id = find_or_create(transactional_id);
  {
    std::unique_lock lock(id->mutex);
    id->idle.wait(lock, [&] { return !id->busy; });
    if (id->unfinished) return Error(*id->unfinished);
    id->busy = true;
    // From here on older writers are fenced.
    if (id->producer_epoch == std::numeric_limits<int16_t>::max()) {
      const std::lock_guard own(mutex_);
      id->producer_id = next_producer_id_++;
      id->producer_epoch = 0;
    } else {
      ++id->producer_epoch;
    }
  }
  auto begun = begin_epoch(*id, state);
  id->leave();
  if (!begun.ok()) {
    return std::move(begun).error().during(
        fmt::format("opening the writer `{}`", transactional_id));
  }
  const std::lock_guard lock(id->mutex);
  return std::unique_ptr<TopicWriter>(
      std::make_unique<TransactionWriter>(*this, id, state, id->producer_id, id->producer_epoch));
}

Result<void> TransactionCoordinator::begin_epoch(TransactionalId& id, Partition& state) {
  if (id.open) LEAT_TRY(end(id, ControlType::kAbort));
  LEAT_TRY(wait_for_all({id.markers.begin(), id.markers.end()}));
  id.markers.clear();
  return write_state(
      state, id.name,
      {.producer_id = id.producer_id, .producer_epoch = id.producer_epoch, .partitions = {}});
}

Result<void> TransactionCoordinator::wait_for_all(const Waits& waits) {
  // Side by side: the flusher's threads take all but the first, which this one leads itself.
  for (size_t i = 1; i < waits.size(); ++i) environment_.flusher.request(*waits[i].first);
  for (const auto& [partition, ticket] : waits) LEAT_TRY(partition->wait(ticket));
  return {};
}

Result<void> TransactionCoordinator::write_state(Partition& state,
                                                 const std::string& transactional_id,
                                                 const TransactionRecord& record) {
  const std::string value = encode_transaction_record(record);
  const NewRecord entry{.key = transactional_id, .value = value};
  LEAT_ASSIGN(auto batches, encode_batches({&entry, 1}, {}, environment_.clock.now_ms(),
                                           environment_.options.batch_bytes,
                                           std::numeric_limits<int32_t>::max()));
  LEAT_ASSIGN(const auto ticket, state.append(std::move(batches)));
  return state.wait(ticket);
}

// REQUIRES: id.busy, taken by the caller.
Result<void> TransactionCoordinator::commit(TransactionalId& id, Partition& state) {
  if (id.participants.empty()) {
    id.open = false;
    return {};
  }
  Waits waits(id.markers.begin(), id.markers.end());
  TransactionRecord record{.producer_id = id.producer_id,
                           .producer_epoch = id.producer_epoch,
                           .status = TransactionStatus::kPrepareCommit,
                           .partitions = {}};
  for (const auto& [partition, participant] : id.participants) {
    waits.emplace_back(partition, participant.ticket);
    record.partitions.push_back({partition->name(), participant.ticket.next_offset});
  }
  auto synced = wait_for_all(waits);
  if (!synced.ok()) {
    // Nothing was decided yet, so it can still be undone.
    if (auto aborted = end(id, ControlType::kAbort); !aborted.ok()) {
      log_warn("transaction of `{}`: {}", id.name, aborted.error().to_string());
    }
    return synced;
  }
  id.markers.clear();
  if (auto decided = write_state(state, id.name, record); !decided.ok()) {
    if (!state.is_read_only()) {
      // The record was not written (the disk is full), and its place will be written over.
      if (auto aborted = end(id, ControlType::kAbort); !aborted.ok()) return aborted;
      return decided;
    }
    // Whether the record is on the disk is known after the next start only.
    id.unfinished = decided.error();
    return decided;
  }
  auto ended = end(id, ControlType::kCommit);
  if (!ended.ok()) id.unfinished = ended.error();
  return ended;
}

// REQUIRES: id.busy, taken by the caller.
Result<void> TransactionCoordinator::end(TransactionalId& id, ControlType type) {
  Result<void> outcome;
  for (const auto& [partition, participant] : id.participants) {
    auto marker = partition->append_marker(type, participant.producer_id, id.producer_epoch);
    if (marker.ok()) {
      // The last one says it of those before: markers reach the disk in their order, and stay.
      id.markers.insert_or_assign(partition, *marker);
    } else if (outcome.ok()) {
      outcome = std::move(marker).error();
    }
  }
  id.participants.clear();
  id.open = false;
  return outcome;
}

}  // namespace leat::log
