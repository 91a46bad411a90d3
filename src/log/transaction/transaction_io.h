// Transactions and producer ids for programs that write record batches themselves, as a broker's
// transaction coordinator gives them (KIP-98, KIP-360, KIP-890). Terms and meaning are Kafka's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/batch_io.h"
#include "log/topic_io.h"

namespace leat::log {

// Why a request is not granted. Kafka's errors for it are in brackets.
enum class TransactionFault : uint8_t {
  kFenced,           // a newer instance took over, or the transaction timed out [PRODUCER_FENCED]
  kUnknownProducer,  // the id was never given, or to somebody else [INVALID_PRODUCER_ID_MAPPING]
  kInvalidState,     // there is no open transaction, or it ended otherwise [INVALID_TXN_STATE]
  kMustAbort,        // records of it are not on the disk [TRANSACTION_ABORTABLE]
  kNoSuchPartition,  // [UNKNOWN_TOPIC_OR_PARTITION]
  kInvalidTimeout,   // [INVALID_TRANSACTION_TIMEOUT]
  kReserved,         // one of Leat's own writers has it [TRANSACTIONAL_ID_AUTHORIZATION_FAILED]
  kStorage,          // the disk; nothing has changed, try again [COORDINATOR_NOT_AVAILABLE]
};

struct RefusedTransaction {
  TransactionFault fault = TransactionFault::kStorage;
  std::string message;
};

struct TransactionAnswer {
  std::optional<RefusedTransaction> refused;
  ProducerIdentity producer;  // how it is to go on
};

// What is known of a transactional id.
struct TransactionInfo {
  std::string transactional_id;
  ProducerIdentity producer;
  bool open = false;
  int32_t timeout_ms = 0;
  int64_t started_ms = -1;  // of the open one
  std::vector<TopicPartition> partitions;
};

// Thread-safe. Whatever changes something is durable when its answer is given; answers come from
// another thread, which they must not hold.
class TransactionIo {
 public:
  virtual ~TransactionIo() = default;

  using Answer = std::function<void(TransactionAnswer)>;

  // An id for a producer without transactions: never given twice.
  virtual void new_producer(Answer answer) = 0;
  // Who writes under the transactional id from now on: fences older instances and aborts what they
  // left open. `current` is what the producer has already, if it asks for a new epoch (KIP-360).
  virtual void init(std::string transactional_id, int32_t timeout_ms, ProducerIdentity current,
                    Answer answer) = 0;
  // The partitions belong to the open transaction, or begin one.
  virtual void add_partitions(std::string transactional_id, ProducerIdentity producer,
                              std::vector<TopicPartition> partitions, Answer answer) = 0;
  enum class End : uint8_t { kCommit, kAbort };
  // A repeat of the last end is granted again. `new_epoch`: the producer goes on with the epoch of
  // the answer (KIP-890), so that nothing late comes into its next transaction.
  virtual void end(std::string transactional_id, ProducerIdentity producer, End end, bool new_epoch,
                   Answer answer) = 0;
  // Aborts what is open for longer than its timeout, and fences its producer. Log::maintain() does
  // it too; a broker wants it more often.
  virtual void abort_expired() = 0;
  // An abort marker for a transaction in one partition that no coordinator knows of
  // (WriteTxnMarkers). Errors: kNotFound, kInvalid when no such one is open, the partition's.
  virtual Result<void> abort_hanging(const TopicPartition& partition,
                                     ProducerIdentity producer) = 0;

  virtual std::vector<TransactionInfo> transactions() = 0;
  // Called after the end of each transaction, with its partitions; from any thread. To be set once,
  // before the first transaction.
  using Ended = std::function<void(const TransactionInfo&, End)>;
  virtual void when_ended(Ended ended) = 0;
};

}  // namespace leat::log
