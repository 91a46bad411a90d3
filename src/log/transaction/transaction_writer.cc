#include "log/transaction/transaction_writer.h"

#include "log/batch/record_batch_builder.h"
#include "log/transaction/transactional_id.h"

namespace leat::log {
namespace {

Error no_transaction(const std::string& name) {
  return internal_error("the writer `{}` has no open transaction", name);
}

}  // namespace

TransactionWriter::~TransactionWriter() {
  // A failure leaves the transaction open: the next writer of the id, or recovery, aborts it.
  if (open_) static_cast<void>(abort());
}

// REQUIRES: the id's mutex.
Result<void> TransactionWriter::check_current() const {
  if (id_->producer_id != producer_id_ || id_->producer_epoch != producer_epoch_) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kFenced,
                       "a newer writer `{}` took over (epoch {}, this one has {})", id_->name,
                       id_->producer_epoch, producer_epoch_);
  }
  if (id_->unfinished) return Error(*id_->unfinished);
  return {};
}

Result<void> TransactionWriter::begin() {
  if (open_) return internal_error("the writer `{}` has an open transaction already", id_->name);
  std::unique_lock lock = id_->lock_when_idle();
  LEAT_TRY(check_current());
  if (id_->undecided) {
    id_->busy = true;
    lock.unlock();
    auto undone = coordinator_.undo(*id_, state_);
    id_->leave();
    LEAT_TRY(undone);
    lock.lock();
    LEAT_TRY(check_current());
  }
  id_->open = true;
  open_ = true;
  return {};
}

Result<void> TransactionWriter::append(const TopicPartition& partition,
                                       std::span<const NewRecord> records) {
  if (!open_) return no_transaction(id_->name);
  LEAT_ASSIGN(Partition* const target, coordinator_.find_(partition));
  if (records.empty()) return {};
  LEAT_TRY(target->check_keys(records));
  target->wait_for_room();
  int32_t& sequence = sequences_[target];
  const BatchProducer producer{.id = producer_id_,
                               .epoch = producer_epoch_,
                               .base_sequence = sequence,
                               .transactional = true};
  const LogOptions& options = coordinator_.environment_.options;
  LEAT_ASSIGN(
      auto batches,
      encode_batches(records, producer, coordinator_.environment_.clock.now_ms(),
                     options.batch_bytes, static_cast<size_t>(target->config().max_message_bytes)));
  {
    // Held over the append, which does no I/O: nothing of this epoch may follow the marker with
    // which a newer writer ends it.
    const std::lock_guard lock(id_->mutex);
    LEAT_TRY(check_current());
    LEAT_ASSIGN(const auto ticket, target->append(std::move(batches)));
    const auto [place, is_new] = id_->participants.try_emplace(target);
    if (is_new) {
      place->second = {producer_id_, ticket};
    } else {
      place->second.ticket.sequence = ticket.sequence;
      place->second.ticket.next_offset = ticket.next_offset;
    }
  }
  sequence = next_sequence(sequence, static_cast<int32_t>(records.size()));
  if (target->pending_bytes() >= options.background_flush_bytes)
    coordinator_.environment_.flusher.request(*target);
  return {};
}

// Makes this writer the one that works on the id's state.
Result<void> TransactionWriter::enter() {
  if (!open_) return no_transaction(id_->name);
  std::unique_lock lock = id_->lock_when_idle();
  open_ = false;
  LEAT_TRY(check_current());
  id_->busy = true;
  return {};
}

Result<void> TransactionWriter::commit() {
  LEAT_TRY(enter());
  auto committed = coordinator_.commit(*id_, state_);
  id_->leave();
  return committed;
}

Result<void> TransactionWriter::abort() {
  LEAT_TRY(enter());
  auto aborted = coordinator_.end(*id_, ControlType::kAbort);
  id_->leave();
  return aborted;
}

}  // namespace leat::log
