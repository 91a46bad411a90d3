// A topic that a stream writes: a record for each row, exactly once.
//
// An epoch is one transaction of the log: its records, and how far the stream is in the topic
// (topic_position.h). What is delivered again after a crash is there already, and is passed over.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/topic_io.h"
#include "sink/sink.h"
#include "sink/topic/row_records.h"
#include "sink/topic/topic_position.h"

namespace leat::sink {

struct TopicSinkOptions {
  std::string store_id;
  std::string pipeline;
  std::string stream;
  std::string topic;
  std::vector<std::string> key = {};  // output columns: the key of the records; empty: none
  // Goes on behind what another store of the stream wrote, instead of refusing.
  bool fresh = false;
};

class TopicSink final : public Sink {
 public:
  // REQUIRES: `topics` outlives it, and has the topic and __leat_deliveries.
  TopicSink(log::TopicStore& topics, TopicSinkOptions options);

  Result<std::optional<uint64_t>> newest_epoch() override;
  Result<void> prepare(const std::vector<store::Column>& columns) override;
  // Refuses a row with a NULL in its key or larger than the topic takes, and a delete whose key is
  // none. Errors (user): the topic holds what another store of the stream wrote.
  Result<Delivery> deliver(const EpochIdentity& epoch, const store::RowBatch& rows) override;
  Result<void> flush() override { return {}; }
  Result<void> close() override;

 private:
  // The records of one partition that go into it with the next append.
  using Parts = std::vector<std::vector<log::NewRecord>>;

  Result<void> open();
  Result<bool> is_new(const EpochIdentity& epoch) const;
  Result<Delivery> write(const EpochIdentity& epoch, const store::RowBatch& rows);
  Result<void> append(Parts& parts);
  Result<void> append_position(const EpochIdentity& epoch);

  log::TopicStore& topics_;
  const TopicSinkOptions options_;
  const std::string position_key_;
  std::optional<RowRecords> records_;  // set by prepare()
  // Null until the first delivery, and after an error, whose outcome is unknown.
  std::unique_ptr<log::TopicWriter> writer_;
  std::optional<TopicPosition> position_;  // what the topic holds, while writer_ is there
};

}  // namespace leat::sink
