// One outside target of a stream, without its thread: hands it the rows of one outbox entry and
// remembers that it took them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/dead_letter/letter_news.h"
#include "pipeline/delivery/epoch_rows.h"
#include "pipeline/epoch/outbox.h"
#include "sink/sink.h"
#include "store/database.h"

namespace leat::pipeline {

// Where a delivery is: a process may die at each of them.
enum class DeliveryStep : uint8_t {
  kBefore,     // the entry is in the outbox
  kDelivered,  // the target has taken the rows; the outbox still has the entry
  kDone,       // the entry is gone
};

struct DeliveryContext {
  std::string pipeline;
  std::string store_id;
  std::string stream;
  std::string topic;
  std::string topic_id;
  Clock& clock;
  uint64_t committed = 0;                          // the stream's last epoch, when it was opened
  std::function<void(DeliveryStep)> at_step = {};  // fault injection
};

// What went wrong, and whose fault it is: the target's, or that of the pipeline's own database or
// log.
struct DeliveryFault {
  Error error;
  bool of_target = true;
};

// One thread at a time.
class Delivery {
 public:
  // `counts`: what its deliveries have counted so far. `connection` is its own.
  Delivery(DeliveryContext context, std::string name, std::unique_ptr<sink::Sink> sink,
           EpochRowsAgain again, std::unique_ptr<store::Connection> connection, SinkCounts counts);

  // The target's rows of the entry: `rows`, or computed again where it is null. The rows that the
  // target refuses become dead letters, in the transaction that takes the entry out of the outbox.
  // A crash before that transaction: the entry is delivered again. After it: done.
  std::optional<DeliveryFault> deliver(const OutboxEntry& entry, const EpochRows* rows);
  // The oldest entries in the outbox.
  Result<std::vector<OutboxEntry>> oldest(size_t limit);

  std::optional<DeliveryFault> flush();
  std::optional<DeliveryFault> flush_due(std::optional<std::chrono::milliseconds>& next);
  Result<void> close() { return sink_->close(); }
  void tell_letters(bool all) { news_.tell(all); }

  const std::string& name() const { return name_; }
  const std::string& stream() const { return context_.stream; }
  const SinkCounts& counts() const { return counts_; }

 private:
  Result<sink::Delivery> hand_over(const OutboxEntry& entry, const EpochRows& rows);
  Result<void> remember(const OutboxEntry& entry, const EpochRows& rows,
                        const sink::Delivery& delivery);
  Result<std::vector<StreamLetter>> letters_of(const OutboxEntry& entry, const EpochRows& rows,
                                               const sink::Delivery& delivery);
  void at(DeliveryStep step) const {
    if (context_.at_step) context_.at_step(step);
  }

  const DeliveryContext context_;
  const std::string name_;
  std::unique_ptr<sink::Sink> sink_;
  std::unique_ptr<store::Connection> connection_;
  EpochRowsAgain again_;
  Outbox outbox_;
  LetterNews news_;
  SinkCounts counts_;
  std::vector<store::Column> prepared_;
  bool contacted_ = false;  // it was asked what it has
  uint64_t known_;          // no later epoch can be there
};

}  // namespace leat::pipeline
