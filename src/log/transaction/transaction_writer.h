// The TopicWriter of a transactional id at one epoch.
#pragma once

#include <map>
#include <memory>

#include "log/transaction/transaction_coordinator.h"

namespace leat::log {

// Not thread-safe; writers of one id may be used by different threads.
class TransactionWriter final : public TopicWriter {
 public:
  TransactionWriter(TransactionCoordinator& coordinator, std::shared_ptr<TransactionalId> id,
                    Partition& state, int64_t producer_id, int16_t producer_epoch)
      : coordinator_(coordinator),
        id_(std::move(id)),
        state_(state),
        producer_id_(producer_id),
        producer_epoch_(producer_epoch) {}
  ~TransactionWriter() override;

  Result<void> begin() override;
  Result<void> append(const TopicPartition& partition, std::span<const NewRecord> records) override;
  Result<void> commit() override;
  Result<void> abort() override;

 private:
  Result<void> check_current() const;
  Result<void> enter();

  TransactionCoordinator& coordinator_;
  const std::shared_ptr<TransactionalId> id_;
  Partition& state_;
  const int64_t producer_id_;
  const int16_t producer_epoch_;
  std::map<const Partition*, int32_t> sequences_;
  bool open_ = false;
};

}  // namespace leat::log
