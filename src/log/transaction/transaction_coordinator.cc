#include "log/transaction/transaction_coordinator.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/damage.h"
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
      if (!record.key) continue;
      if (!record.value) {
        latest.erase(std::string(*record.key));
        continue;
      }
      auto decoded = decode_transaction_record(*record.value);
      if (!decoded.ok() && decoded.error().code() != ErrorCode::kCorrupt) {
        return std::move(decoded).error();
      }
      if (decoded.ok()) {
        latest[std::string(*record.key)] = std::move(*decoded);
      } else {
        log_warn("{}@{} is passed over: {}{}", kTransactionStateTopic, record.offset,
                 decoded.error().message(), kRepairHint);
      }
    }
    offset = fetched.next_offset;
  }
  return latest;
}

// A topic that was deleted has no records whose fate were open.
template <class ByPartition>
void forget_deleted(ByPartition& partitions) {
  std::erase_if(partitions, [](const auto& entry) { return entry.first->is_retired(); });
}

bool contains(const TransactionalId::Ranges& ranges, const TopicPartition& partition,
              int64_t offset) {
  return std::ranges::any_of(ranges, [&](const auto& range) {
    return range.partition == partition && range.first_offset <= offset &&
           offset < range.end_offset;
  });
}

// Whether all records that the record names are on the disk.
Result<bool> has_its_records(const TransactionRecord& record,
                             const std::map<TopicPartition, const Partition*>& partitions) {
  if (record.after_its_records) return true;
  for (const auto& range : record.partitions) {
    const auto partition = partitions.find(range.partition);
    if (partition == partitions.end()) continue;  // the topic was deleted since
    LEAT_ASSIGN(const bool there,
                partition->second->holds_transaction(range.first_offset, range.end_offset,
                                                     record.producer_id, record.producer_epoch));
    if (!there) return false;
  }
  return true;
}

// How the last transactions of an id ended, of which something is open.
Result<void> judge(const TransactionRecord& record,
                   const std::map<TopicPartition, const Partition*>& partitions,
                   TransactionalId& id) {
  id.committed = record.committed;
  if (record.status != TransactionStatus::kPrepareCommit) return {};
  LEAT_ASSIGN(const bool whole, has_its_records(record, partitions));
  if (whole) {
    id.committed.insert(id.committed.end(), record.partitions.begin(), record.partitions.end());
  } else {
    id.undecided = record.partitions;
  }
  return {};
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
    const TransactionRecord* record;
    TransactionalId* id;
  };
  std::map<int64_t, Known> by_producer;
  for (const auto& [name, record] : records) {
    next_producer_id_ = std::max(next_producer_id_, record.producer_id + 1);
    if (name.empty()) continue;  // it is about producer ids alone
    auto id = known_id(name, record);
    by_producer[record.producer_id] = {&record, id.get()};
    ids_.emplace(name, std::move(id));
  }
  std::map<TopicPartition, const Partition*> by_name;
  std::set<int64_t> open_producers;
  for (const Partition* const partition : partitions) {
    by_name[partition->name()] = partition;
    for (const OpenTransaction& open : partition->open_transactions()) {
      next_producer_id_ = std::max(next_producer_id_, open.producer_id + 1);
      open_producers.insert(open.producer_id);
    }
    for (const ProducerInfo& producer : partition->producers()) {
      next_producer_id_ = std::max(next_producer_id_, producer.producer_id + 1);
    }
  }
  // Where nothing is open, the markers have told how it ended, or nothing of it is left.
  for (const int64_t producer : open_producers) {
    const auto known = by_producer.find(producer);
    if (known == by_producer.end()) continue;
    LEAT_TRY(judge(*known->second.record, by_name, *known->second.id));
  }
  Waits markers;
  for (Partition* const partition : partitions) {
    for (const OpenTransaction& open : partition->open_transactions()) {
      const auto known = by_producer.find(open.producer_id);
      if (known != by_producer.end() && known->second.id->open &&
          known->second.id->added.contains(partition->name())) {
        // Its producer goes on with it.
        known->second.id->participants[partition] = {
            open.producer_id,
            {.base_offset = open.first_offset, .next_offset = partition->synced_end()}};
        continue;
      }
      const bool committed =
          known != by_producer.end() &&
          contains(known->second.id->committed, partition->name(), open.first_offset);
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

std::shared_ptr<TransactionalId> TransactionCoordinator::known_id(const std::string& name,
                                                                  const TransactionRecord& record) {
  auto id = std::make_shared<TransactionalId>(name);
  id->producer_id = record.producer_id;
  id->producer_epoch = record.producer_epoch;
  id->of_client = record.of_client;
  if (!record.of_client) return id;
  id->timeout_ms = record.timeout_ms;
  switch (record.status) {
    case TransactionStatus::kEmpty:
      break;
    case TransactionStatus::kOngoing:
      id->open = true;
      id->started_ms = record.started_ms;
      for (const auto& range : record.partitions) id->added.insert(range.partition);
      break;
    case TransactionStatus::kPrepareCommit:
      id->last_end = ControlType::kCommit;
      break;
    case TransactionStatus::kPrepareAbort:
      id->last_end = ControlType::kAbort;
      break;
  }
  return id;
}

bool TransactionCoordinator::is_own_producer(int64_t producer_id) {
  std::vector<std::shared_ptr<TransactionalId>> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, id] : ids_) ids.push_back(id);
  }
  return std::ranges::any_of(ids, [&](const auto& id) {
    const auto lock = id->lock_when_idle();
    return id->producer_id == producer_id && !id->of_client;
  });
}

// They are given out of a block that a record has taken beforehand: nothing else on the disk tells
// of a producer that has an id and has not written yet.
Result<int64_t> TransactionCoordinator::new_producer_id(Partition& state) {
  constexpr int64_t kBlock = 1'000;
  std::unique_lock lock(mutex_);
  while (next_producer_id_ >= reserved_producer_ids_) {
    if (reserving_) {
      reserved_.wait(lock);
      continue;
    }
    reserving_ = true;
    const int64_t last = next_producer_id_ + kBlock - 1;
    lock.unlock();
    auto written = write_state(
        state, {}, {.producer_id = last, .producer_epoch = 0, .partitions = {}, .committed = {}});
    lock.lock();
    reserving_ = false;
    reserved_.notify_all();
    if (!written.ok()) return std::move(written).error();
    reserved_producer_ids_ = last + 1;
  }
  return next_producer_id_++;
}

// From here on older writers are fenced. REQUIRES: the id's mutex.
void TransactionCoordinator::begin_next_epoch(TransactionalId& id) {
  if (id.producer_epoch < std::numeric_limits<int16_t>::max()) {
    ++id.producer_epoch;
    return;
  }
  const std::lock_guard lock(mutex_);
  id.producer_id = next_producer_id_++;
  id.producer_epoch = 0;
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
    const auto lock = id->lock_when_idle();
    if (id->unfinished) return Error(*id->unfinished);
    if (id->of_client) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInUse,
                         "the transactional id `{}` is another program's", transactional_id);
    }
    id->busy = true;
    begin_next_epoch(*id);
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

Result<void> TransactionCoordinator::forget(const std::string& transactional_id, Partition& state) {
  std::shared_ptr<TransactionalId> id;
  {
    const std::lock_guard lock(mutex_);
    const auto found = ids_.find(transactional_id);
    if (found == ids_.end() || found->second->producer_id + 1 == next_producer_id_) return {};
    id = found->second;
  }
  {
    const auto lock = id->lock_when_idle();
    if (id->unfinished) return Error(*id->unfinished);
    if (id->of_client) return {};
    id->busy = true;
  }
  Result<void> done = finish_all(*id, state);
  if (done.ok()) done = write_tombstone(state, transactional_id);
  if (done.ok()) {
    const std::lock_guard lock(mutex_);
    ids_.erase(transactional_id);
  }
  {
    const std::lock_guard lock(id->mutex);
    if (done.ok()) id->producer_id = -1;  // no writer's
  }
  id->leave();
  return done;
}

// Nothing of its transactions is left to be written. REQUIRES: id.busy, taken by the caller.
Result<void> TransactionCoordinator::finish_all(TransactionalId& id, Partition& state) {
  // First those of transactions that are committed: the producer may have a new id by now, and a
  // record speaks for one producer.
  LEAT_TRY(sync_markers(id));
  if (id.undecided) LEAT_TRY(undo(id, state));
  if (id.open) LEAT_TRY(end(id, ControlType::kAbort));
  return sync_markers(id);
}

Result<void> TransactionCoordinator::begin_epoch(TransactionalId& id, Partition& state) {
  LEAT_TRY(finish_all(id, state));
  return write_state(state, id.name,
                     {.producer_id = id.producer_id,
                      .producer_epoch = id.producer_epoch,
                      .partitions = {},
                      .committed = {}});
}

// Waits for every one, also when another has failed.
Result<void> TransactionCoordinator::wait_for_all(const Waits& waits) {
  // Side by side: the flusher's threads take all but the first, which this one leads itself.
  for (size_t i = 1; i < waits.size(); ++i) environment_.flusher.request(*waits[i].first);
  Result<void> outcome;
  for (const auto& [partition, ticket] : waits) {
    auto synced = partition->wait(ticket);
    if (!synced.ok() && outcome.ok()) outcome = std::move(synced);
  }
  return outcome;
}

Result<Partition::Ticket> TransactionCoordinator::append_state(Partition& state,
                                                               const std::string& transactional_id,
                                                               const TransactionRecord& record) {
  const std::string value = encode_transaction_record(record);
  const NewRecord entry{.key = transactional_id, .value = value};
  LEAT_ASSIGN(auto batches, encode_batches({&entry, 1}, {}, environment_.clock.now_ms(),
                                           environment_.options.batch_bytes,
                                           std::numeric_limits<int32_t>::max()));
  return state.append(std::move(batches));
}

Result<void> TransactionCoordinator::write_state(Partition& state,
                                                 const std::string& transactional_id,
                                                 const TransactionRecord& record) {
  LEAT_ASSIGN(const auto ticket, append_state(state, transactional_id, record));
  return state.wait(ticket);
}

Result<void> TransactionCoordinator::write_tombstone(Partition& state,
                                                     const std::string& transactional_id) {
  const NewRecord entry{.key = transactional_id, .value = std::nullopt};
  LEAT_ASSIGN(auto batches, encode_batches({&entry, 1}, {}, environment_.clock.now_ms(),
                                           environment_.options.batch_bytes,
                                           std::numeric_limits<int32_t>::max()));
  LEAT_ASSIGN(const auto ticket, state.append(std::move(batches)));
  return state.wait(ticket);
}

Result<void> TransactionCoordinator::sync_markers(TransactionalId& id) {
  forget_deleted(id.markers);
  LEAT_TRY(wait_for_all({id.markers.begin(), id.markers.end()}));
  id.markers.clear();
  id.committed.clear();
  return {};
}

// REQUIRES: id.busy, taken by the caller.
Result<void> TransactionCoordinator::commit(TransactionalId& id, Partition& state) {
  forget_deleted(id.participants);
  forget_deleted(id.markers);
  if (id.participants.empty()) {
    id.open = false;
    return {};
  }
  TransactionRecord record{.producer_id = id.producer_id,
                           .producer_epoch = id.producer_epoch,
                           .status = TransactionStatus::kPrepareCommit,
                           .partitions = {},
                           .committed = {}};
  Waits waits;
  for (const auto& [partition, participant] : id.participants) {
    waits.emplace_back(partition, participant.ticket);
    record.partitions.push_back(
        {partition->name(), participant.ticket.base_offset, participant.ticket.next_offset});
  }
  // The record can speak for one transaction before it, and not for an aborted one among several.
  auto begun = id.committed.empty() ? sync_markers(id) : Result<void>();
  record.committed = id.committed;
  for (const auto& [partition, marker] : id.markers) {
    // Elsewhere it is on the disk before the records that follow it.
    if (!id.participants.contains(partition)) waits.emplace_back(partition, marker);
  }
  auto ticket = begun.ok() ? append_state(state, id.name, record)
                           : Result<Partition::Ticket>(std::move(begun).error());
  if (!ticket.ok()) {
    if (auto aborted = end(id, ControlType::kAbort); !aborted.ok()) {
      log_warn("transaction of `{}`: {}", id.name, aborted.error().to_string());
    }
    return std::move(ticket).error();
  }
  environment_.flusher.request(state);
  auto outcome = wait_for_all(waits);
  if (auto decided = state.wait(*ticket); !decided.ok() && outcome.ok()) {
    outcome = std::move(decided);
  }
  if (!outcome.ok()) {
    id.undecided = record.partitions;
    if (auto undone = undo(id, state); !undone.ok()) {
      log_warn("transaction of `{}`: {}", id.name, undone.error().to_string());
    }
    return outcome;
  }
  id.markers.clear();
  auto ended = end(id, ControlType::kCommit);
  if (ended.ok()) {
    id.committed = std::move(record.partitions);
  } else {
    id.unfinished = ended.error();
  }
  return ended;
}

// Takes the record of a commit that failed back, and aborts what it named. REQUIRES: id.busy, taken
// by the caller; id.undecided.
Result<void> TransactionCoordinator::undo(TransactionalId& id, Partition& state) {
  if (auto undone = write_state(state, id.name,
                                {.producer_id = id.producer_id,
                                 .producer_epoch = id.producer_epoch,
                                 .partitions = {},
                                 .committed = id.committed});
      !undone.ok()) {
    // Whether the records are on the disk is known after the next start only.
    if (state.is_read_only()) id.unfinished = undone.error();
    return undone;
  }
  id.undecided.reset();
  return end(id, ControlType::kAbort);
}

TransactionCoordinator::Unsettled TransactionCoordinator::settle(Partition* state) {
  std::vector<std::shared_ptr<TransactionalId>> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, id] : ids_) ids.push_back(id);
  }
  Unsettled unsettled;
  for (const auto& id : ids) {
    {
      const auto lock = id->lock_when_idle();
      id->busy = true;
    }
    if (id->undecided && state != nullptr) static_cast<void>(undo(*id, *state));
    if (!id->markers.empty()) static_cast<void>(sync_markers(*id));
    if (id->undecided) {
      for (const auto& range : *id->undecided) {
        const auto place = unsettled.needed.try_emplace(range.partition, range.first_offset).first;
        place->second = std::min(place->second, range.first_offset);
        unsettled.not_to_compact.insert(range.partition);
      }
    }
    for (const auto& range : id->committed) unsettled.not_to_compact.insert(range.partition);
    id->leave();
  }
  return unsettled;
}

// REQUIRES: id.busy, taken by the caller.
Result<void> TransactionCoordinator::end(TransactionalId& id, ControlType type) {
  Result<void> outcome;
  forget_deleted(id.participants);
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
  id.committed.clear();
  id.open = false;
  return outcome;
}

}  // namespace leat::log
