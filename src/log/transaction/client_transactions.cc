#include "log/transaction/client_transactions.h"

#include <algorithm>
#include <limits>

#include "base/logging.h"
#include "log/transaction/transactional_id.h"

namespace leat::log {
namespace {

// They wait for the disk, each for one transactional id.
constexpr int kThreads = 4;

TransactionAnswer refused(TransactionFault fault, std::string message) {
  return {.refused = RefusedTransaction{fault, std::move(message)}, .producer = {}};
}

TransactionAnswer storage_failed(const Error& error) {
  return refused(TransactionFault::kStorage, error.to_string());
}

TransactionAnswer granted(const TransactionalId& id) {
  return {.refused = std::nullopt, .producer = {id.producer_id, id.producer_epoch}};
}

// Whether the producer is the one that may write under the id now. REQUIRES: the id is busy by its
// caller.
std::optional<TransactionAnswer> check_current(const TransactionalId& id,
                                               const ProducerIdentity& producer) {
  if (!id.of_client || producer.id != id.producer_id) {
    return refused(
        TransactionFault::kUnknownProducer,
        fmt::format("`{}` is not the transactional id of producer {}", id.name, producer.id));
  }
  if (id.unfinished) return storage_failed(*id.unfinished);
  if (producer.epoch != id.producer_epoch) {
    return refused(TransactionFault::kFenced,
                   fmt::format("a newer producer `{}` took over, or its transaction timed out "
                               "(epoch {}, this one has {})",
                               id.name, id.producer_epoch, producer.epoch));
  }
  return std::nullopt;
}

TransactionAnswer unknown_id(const std::string& transactional_id) {
  return refused(TransactionFault::kUnknownProducer,
                 fmt::format("no producer has the transactional id `{}`", transactional_id));
}

TransactionInfo info_of(const TransactionalId& id) {
  return {.transactional_id = id.name,
          .producer = {id.producer_id, id.producer_epoch},
          .open = id.open,
          .timeout_ms = id.timeout_ms,
          .started_ms = id.open ? id.started_ms : -1,
          .partitions = {id.added.begin(), id.added.end()}};
}

bool is_expired(const TransactionalId& id, int64_t now_ms) {
  return id.open && !id.unfinished && now_ms - id.started_ms >= id.timeout_ms;
}

}  // namespace

// The id's state belongs to the thread that has it; with kEnds, the participants of the open
// transaction too.
class ClientTransactions::Turn {
 public:
  enum class Kind : uint8_t { kAdds, kEnds };
  Turn(IdPtr id, Kind kind) : id_(std::move(id)) {
    const auto lock = id_->lock_when_idle();
    id_->busy = true;
    id_->ending = kind == Kind::kEnds;
  }
  ~Turn() {
    {
      const std::lock_guard lock(id_->mutex);
      id_->ending = false;
    }
    id_->leave();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  const IdPtr id_;
};

ClientTransactions::ClientTransactions(TransactionCoordinator& coordinator,
                                       const LogEnvironment& environment, OpenState open_state)
    : coordinator_(coordinator),
      environment_(environment),
      open_state_(std::move(open_state)),
      pool_(std::make_unique<WorkerPool>(kThreads)) {}

ClientTransactions::~ClientTransactions() = default;

void ClientTransactions::adopt() {
  std::vector<IdPtr> ids;
  {
    const std::lock_guard lock(coordinator_.mutex_);
    for (const auto& [name, id] : coordinator_.ids_) ids.push_back(id);
  }
  for (const IdPtr& id : ids) {
    if (id->of_client) remember(id);
  }
}

void ClientTransactions::stop() {
  std::unique_ptr<WorkerPool> ending;
  {
    const std::lock_guard lock(mutex_);
    ending = std::move(pool_);
  }
}

void ClientTransactions::post(std::function<TransactionAnswer()> work, Answer answer) {
  const std::lock_guard lock(mutex_);
  if (!pool_) return;
  pool_->post([work = std::move(work), answer = std::move(answer)] { answer(work()); });
}

ClientTransactions::IdPtr ClientTransactions::find(const std::string& transactional_id) {
  const std::lock_guard lock(coordinator_.mutex_);
  const auto found = coordinator_.ids_.find(transactional_id);
  return found == coordinator_.ids_.end() ? nullptr : found->second;
}

ClientTransactions::IdPtr ClientTransactions::find(int64_t producer_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_producer_.find(producer_id);
  return found == by_producer_.end() ? nullptr : found->second;
}

void ClientTransactions::remember(const IdPtr& id) {
  const std::lock_guard lock(mutex_);
  by_producer_[id->producer_id] = id;
}

void ClientTransactions::new_producer(Answer answer) {
  post([this] { return give_id(); }, std::move(answer));
}

void ClientTransactions::init(std::string transactional_id, int32_t timeout_ms,
                              ProducerIdentity current, Answer answer) {
  post([this, id = std::move(transactional_id), timeout_ms,
        current] { return do_init(id, timeout_ms, current); },
       std::move(answer));
}

void ClientTransactions::add_partitions(std::string transactional_id, ProducerIdentity producer,
                                        std::vector<TopicPartition> partitions, Answer answer) {
  post([this, id = std::move(transactional_id), producer,
        added = std::move(partitions)] { return do_add(id, producer, added); },
       std::move(answer));
}

void ClientTransactions::end(std::string transactional_id, ProducerIdentity producer, End end,
                             bool new_epoch, Answer answer) {
  const ControlType type = end == End::kCommit ? ControlType::kCommit : ControlType::kAbort;
  post([this, id = std::move(transactional_id), producer, type,
        new_epoch] { return do_end(id, producer, type, new_epoch); },
       std::move(answer));
}

void ClientTransactions::when_ended(Ended ended) {
  const std::lock_guard lock(mutex_);
  ended_ = std::move(ended);
}

TransactionAnswer ClientTransactions::give_id() {
  const auto state = open_state_();
  if (!state.ok()) return storage_failed(state.error());
  const auto id = coordinator_.new_producer_id(**state);
  if (!id.ok()) return storage_failed(id.error());
  return {.refused = std::nullopt, .producer = {*id, 0}};
}

TransactionAnswer ClientTransactions::do_init(const std::string& transactional_id,
                                              int32_t timeout_ms, const ProducerIdentity& current) {
  if (timeout_ms <= 0) {
    return refused(TransactionFault::kInvalidTimeout,
                   fmt::format("a transaction's timeout of {} ms", timeout_ms));
  }
  const auto state = open_state_();
  if (!state.ok()) return storage_failed(state.error());
  const IdPtr id = coordinator_.find_or_create(transactional_id);
  const Turn turn(id, Turn::Kind::kEnds);
  if (id->unfinished) return storage_failed(*id->unfinished);
  const bool is_new = id->producer_epoch < 0;
  if (!is_new && !id->of_client) {
    return refused(TransactionFault::kReserved,
                   fmt::format("the transactional id `{}` is one of Leat's own", transactional_id));
  }
  if (!is_new && current.id >= 0) {
    // The answer to the same question was lost.
    if (current.id == id->producer_id && current.epoch == id->epoch_before_new) {
      return granted(*id);
    }
    if (auto stale = check_current(*id, current)) return *stale;
  }
  id->of_client = true;
  id->timeout_ms = timeout_ms;
  const int16_t before = id->producer_epoch;
  if (auto begun = begin_epoch(id, **state); !begun.ok()) return storage_failed(begun.error());
  id->last_end.reset();
  id->epoch_before_new = current.id >= 0 ? std::optional(before) : std::nullopt;
  remember(id);
  return granted(*id);
}

TransactionAnswer ClientTransactions::do_add(const std::string& transactional_id,
                                             const ProducerIdentity& producer,
                                             const std::vector<TopicPartition>& partitions) {
  const auto state = open_state_();
  if (!state.ok()) return storage_failed(state.error());
  const IdPtr id = find(transactional_id);
  if (!id) return unknown_id(transactional_id);
  const Turn turn(id, Turn::Kind::kAdds);
  if (auto stale = check_current(*id, producer)) return *stale;
  for (const TopicPartition& partition : partitions) {
    if (const auto found = coordinator_.find_(partition); !found.ok()) {
      return refused(TransactionFault::kNoSuchPartition, found.error().message());
    }
  }
  std::set<TopicPartition> added = id->added;
  added.insert(partitions.begin(), partitions.end());
  if (id->open && added.size() == id->added.size()) return granted(*id);
  if (!id->open) {
    // Before the record that said how the last one ended is replaced.
    if (auto synced = coordinator_.sync_markers(*id); !synced.ok()) {
      return storage_failed(synced.error());
    }
    id->started_ms = environment_.clock.now_ms();
  }
  std::vector<TransactionRecord::Range> named;
  for (const TopicPartition& partition : added) named.push_back({partition, 0, 0});
  if (auto written = write_record(*id, **state, TransactionStatus::kOngoing, id->producer_epoch,
                                  std::move(named));
      !written.ok()) {
    return storage_failed(written.error());
  }
  const std::lock_guard lock(id->mutex);
  id->added = std::move(added);
  id->open = true;
  id->last_end.reset();
  return granted(*id);
}

TransactionAnswer ClientTransactions::do_end(const std::string& transactional_id,
                                             const ProducerIdentity& producer, ControlType type,
                                             bool new_epoch) {
  const auto state = open_state_();
  if (!state.ok()) return storage_failed(state.error());
  const IdPtr id = find(transactional_id);
  if (!id) return unknown_id(transactional_id);
  const Turn turn(id, Turn::Kind::kEnds);
  // A repeat of what was answered, and the answer was lost.
  const bool repeated = !id->open && id->last_end == type;
  if (repeated && new_epoch && producer.id == id->producer_id &&
      producer.epoch == id->producer_epoch - 1) {
    return granted(*id);
  }
  if (auto stale = check_current(*id, producer)) return *stale;
  if (!id->open) {
    if (repeated && !new_epoch) return granted(*id);
    // A producer that does not know whether anything of it arrived (KIP-890).
    if (type != ControlType::kAbort || !new_epoch) {
      return refused(TransactionFault::kInvalidState,
                     fmt::format("`{}` has no open transaction", transactional_id));
    }
  }
  if (type == ControlType::kCommit) {
    TransactionCoordinator::Waits waits;
    for (const auto& [partition, participant] : id->participants) {
      if (!partition->is_retired()) waits.emplace_back(partition, participant.ticket);
    }
    if (auto durable = coordinator_.wait_for_all(waits); !durable.ok()) {
      return refused(TransactionFault::kMustAbort,
                     fmt::format("records of the transaction are not on the disk: {}",
                                 durable.error().to_string()));
    }
  }
  if (auto ended = write_end(id, **state, type, new_epoch); !ended.ok()) {
    return storage_failed(ended.error());
  }
  return granted(*id);
}

// REQUIRES: the caller's turn.
Result<void> ClientTransactions::begin_epoch(const IdPtr& id, Partition& state) {
  // The end of what is open tells it the new epoch, too.
  if (id->open) return write_end(id, state, ControlType::kAbort, true);
  LEAT_TRY(coordinator_.sync_markers(*id));
  if (id->producer_epoch == std::numeric_limits<int16_t>::max()) {
    return replace_spent_producer(id, state);
  }
  const auto next = static_cast<int16_t>(id->producer_epoch + 1);
  LEAT_TRY(write_record(*id, state, TransactionStatus::kEmpty, next, {}));
  id->producer_epoch = next;
  return {};
}

// Its epochs are used up. REQUIRES: the caller's turn; nothing is open.
Result<void> ClientTransactions::replace_spent_producer(const IdPtr& id, Partition& state) {
  LEAT_TRY(coordinator_.sync_markers(*id));
  LEAT_ASSIGN(const int64_t fresh, coordinator_.new_producer_id(state));
  const int64_t spent = id->producer_id;
  id->producer_id = fresh;
  if (auto written = write_record(*id, state, TransactionStatus::kEmpty, 0, {}); !written.ok()) {
    id->producer_id = spent;
    return written;
  }
  id->producer_epoch = 0;
  {
    const std::lock_guard lock(mutex_);
    by_producer_.erase(spent);
  }
  remember(id);
  return {};
}

// First the record, then the markers: it is the record that a start goes by. REQUIRES: the caller's
// turn; for a commit, that all records are on the disk.
Result<void> ClientTransactions::write_end(const IdPtr& id, Partition& state, ControlType type,
                                           bool new_epoch) {
  LEAT_TRY(coordinator_.sync_markers(*id));
  const bool commits = type == ControlType::kCommit;
  std::vector<TransactionRecord::Range> ranges;
  for (const auto& [partition, participant] : id->participants) {
    if (!commits || partition->is_retired()) continue;
    ranges.push_back(
        {partition->name(), participant.ticket.base_offset, participant.ticket.next_offset});
  }
  const bool spent = id->producer_epoch == std::numeric_limits<int16_t>::max();
  const auto epoch = static_cast<int16_t>(id->producer_epoch + (new_epoch && !spent ? 1 : 0));
  if (auto written = write_record(
          *id, state,
          commits ? TransactionStatus::kPrepareCommit : TransactionStatus::kPrepareAbort, epoch,
          ranges);
      !written.ok()) {
    // Whether the record is on the disk is known after the next start only.
    if (state.is_read_only()) id->unfinished = written.error();
    return written;
  }
  const TransactionInfo info = info_of(*id);
  id->producer_epoch = epoch;
  id->last_end = type;
  id->added.clear();
  if (auto ended = coordinator_.end(*id, type); !ended.ok()) {
    // A start writes the markers that are missing.
    id->unfinished = ended.error();
    return ended;
  }
  id->committed = std::move(ranges);
  if (new_epoch && spent) LEAT_TRY(replace_spent_producer(id, state));
  Ended ended;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
  }
  if (ended && info.open) ended(info, commits ? End::kCommit : End::kAbort);
  return {};
}

Result<void> ClientTransactions::write_record(const TransactionalId& id, Partition& state,
                                              TransactionStatus status, int16_t epoch,
                                              std::vector<TransactionRecord::Range> partitions) {
  return coordinator_.write_state(state, id.name,
                                  {.producer_id = id.producer_id,
                                   .producer_epoch = epoch,
                                   .status = status,
                                   .partitions = std::move(partitions),
                                   .committed = {},
                                   .of_client = true,
                                   .timeout_ms = id.timeout_ms,
                                   .started_ms = id.started_ms});
}

void ClientTransactions::abort_expired() {
  std::vector<IdPtr> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [producer, id] : by_producer_) ids.push_back(id);
  }
  const int64_t now_ms = environment_.clock.now_ms();
  for (const IdPtr& id : ids) {
    {
      const auto lock = id->lock_when_idle();
      if (!is_expired(*id, now_ms)) continue;
    }
    const auto state = open_state_();
    if (!state.ok()) return;
    const Turn turn(id, Turn::Kind::kEnds);
    if (!is_expired(*id, now_ms)) continue;
    log_warn("the transaction of `{}` is open for longer than {} ms and is aborted", id->name,
             id->timeout_ms);
    if (auto ended = write_end(id, **state, ControlType::kAbort, true); !ended.ok()) {
      log_warn("transaction of `{}`: {}", id->name, ended.error().to_string());
    }
    id->last_end.reset();  // its producer is fenced, and does not learn how it ended
  }
}

Result<void> ClientTransactions::abort_hanging(const TopicPartition& partition,
                                               ProducerIdentity producer) {
  LEAT_ASSIGN(Partition* const target, coordinator_.find_(partition));
  const auto open = target->open_transactions();
  const bool is_open = std::ranges::any_of(
      open, [&](const OpenTransaction& each) { return each.producer_id == producer.id; });
  if (!is_open || coordinator_.is_own_producer(producer.id)) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid,
                       "{}: no transaction of another program's producer {} is open there",
                       partition.to_string(), producer.id);
  }
  LEAT_ASSIGN(const auto ticket,
              target->append_marker(ControlType::kAbort, producer.id, producer.epoch));
  return target->wait(ticket);
}

std::vector<TransactionInfo> ClientTransactions::transactions() {
  std::vector<IdPtr> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [producer, id] : by_producer_) ids.push_back(id);
  }
  std::vector<TransactionInfo> all;
  for (const IdPtr& id : ids) {
    const auto lock = id->lock_when_idle();
    all.push_back(info_of(*id));
  }
  return all;
}

ClientTransactions::Appended ClientTransactions::append(Partition& target,
                                                        const ProducerIdentity& producer,
                                                        const Append& append) {
  const auto not_taken = [](AppendFault fault, std::string message) {
    return Appended{RefusedAppend{fault, std::move(message), std::nullopt}, {}};
  };
  const IdPtr id = find(producer.id);
  if (!id) {
    return not_taken(AppendFault::kNotInTransaction,
                     fmt::format("producer {} has no transactional id", producer.id));
  }
  // Held over the append, which does no I/O: nothing of this transaction may follow its marker.
  const std::lock_guard lock(id->mutex);
  if (id->ending) {
    return not_taken(AppendFault::kEndingTransaction,
                     fmt::format("the transaction of `{}` is about to end", id->name));
  }
  if (producer.id != id->producer_id || producer.epoch != id->producer_epoch) {
    return not_taken(AppendFault::kOldEpoch,
                     fmt::format("a newer producer `{}` took over (epoch {}, this one has {})",
                                 id->name, id->producer_epoch, producer.epoch));
  }
  if (!id->open || !id->added.contains(target.name())) {
    return not_taken(AppendFault::kNotInTransaction,
                     fmt::format("{} is not in an open transaction of `{}`",
                                 target.name().to_string(), id->name));
  }
  auto judged = append();
  if (!judged.ok()) {
    const bool gone = judged.error().code() == ErrorCode::kNotFound;
    return not_taken(gone ? AppendFault::kNoSuchPartition : AppendFault::kReadOnly,
                     judged.error().message());
  }
  using Kind = SequenceVerdict::Kind;
  if (judged->verdict.kind == Kind::kNext || judged->verdict.kind == Kind::kDuplicate) {
    const auto [place, is_new] = id->participants.try_emplace(&target);
    const AppendTicket& ticket = judged->ticket;
    if (is_new) {
      place->second = {producer.id, ticket};
    } else {
      // The sequence numbers say that those before are there if this one is.
      AppendTicket& all = place->second.ticket;
      all.first_sequence = ticket.first_sequence;
      all.sequence = ticket.sequence;
      all.next_offset = std::max(all.next_offset, ticket.next_offset);
    }
  }
  return {std::nullopt, *judged};
}

}  // namespace leat::log
