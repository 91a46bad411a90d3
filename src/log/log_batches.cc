// The surface of bytes: what a broker needs of a log.
#include <algorithm>
#include <limits>

#include "log/batch/batch_check.h"
#include "log/batch/record_batch_builder.h"
#include "log/log_state.h"

namespace leat::log {
namespace {

AppendedBatch refused(AppendFault fault, std::string message) {
  AppendedBatch result;
  result.refused = RefusedAppend{fault, std::move(message), std::nullopt};
  return result;
}

AppendedBatch not_written(const Error& error) {
  const bool gone = error.code() == ErrorCode::kNotFound;
  return refused(gone ? AppendFault::kNoSuchPartition : AppendFault::kReadOnly, error.message());
}

AppendedBatch appended(const Partition& target, const Partition::Judged& judged) {
  using Kind = SequenceVerdict::Kind;
  const SequenceVerdict& verdict = judged.verdict;
  switch (verdict.kind) {
    case Kind::kOldEpoch:
      return refused(AppendFault::kOldEpoch,
                     fmt::format("{}: the producer has written with epoch {} already",
                                 target.name().to_string(), verdict.epoch));
    case Kind::kOutOfOrder:
      return refused(AppendFault::kOutOfOrder,
                     fmt::format("{}: the producer's next sequence number is {}",
                                 target.name().to_string(), verdict.expected));
    case Kind::kNext:
    case Kind::kDuplicate:
      break;
  }
  AppendedBatch result;
  result.ticket = judged.ticket;
  result.duplicate = verdict.kind == Kind::kDuplicate;
  result.log_start_offset = target.all_offsets().log_start;
  return result;
}

}  // namespace

AppendedBatch Log::State::append_batch(const TopicPartition& partition, Bytes batch) {
  const auto found = find(partition);
  if (!found.ok()) return not_written(found.error());
  Partition& target = **found;
  const TopicConfig config = target.config();
  const int64_t now_ms = environment.clock.now_ms();
  const bool append_time = config.timestamp_type == TimestampType::kLogAppendTime;
  const BatchVerdict verdict =
      check_batch(batch, {.max_batch_bytes = static_cast<size_t>(config.max_message_bytes),
                          .max_decompressed_bytes = options.max_decompressed_bytes,
                          .keys_required = compacts(config.cleanup_policy),
                          .log_append_time = append_time,
                          .now_ms = now_ms,
                          .before_max_ms = config.timestamp_before_max_ms,
                          .after_max_ms = config.timestamp_after_max_ms});
  if (verdict.refused) {
    AppendedBatch result;
    result.refused = verdict.refused;
    return result;
  }
  const BatchHeader& header = verdict.batch.header;
  ByteBuffer bytes(batch.size());
  bytes.append(batch);
  const int64_t newest = append_time ? now_ms : verdict.batch.max_timestamp;
  if (append_time || newest != header.max_timestamp) {
    store_timestamps(bytes.mutable_view(), newest, append_time);
  }
  const auto write = [&] { return target.append_foreign(std::move(bytes)); };
  AppendedBatch result;
  if (header.is_transactional()) {
    const auto in_transaction =
        clients.append(target, {header.producer_id, header.producer_epoch}, write);
    if (in_transaction.refused) {
      result.refused = in_transaction.refused;
      return result;
    }
    result = appended(target, in_transaction.judged);
  } else {
    const auto judged = write();
    result = judged.ok() ? appended(target, *judged) : not_written(judged.error());
  }
  if (result.refused) return result;
  if (append_time) result.log_append_time_ms = now_ms;
  if (target.pending_bytes() >= options.background_flush_bytes) flusher.request(target);
  return result;
}

AppendedBatch Log::State::append_records(const TopicPartition& partition,
                                         std::span<const NewRecord> records,
                                         const ProducerIdentity& producer) {
  const auto found = find(partition);
  if (!found.ok()) return not_written(found.error());
  Partition& target = **found;
  if (auto keyed = target.check_keys(records); !keyed.ok()) {
    return refused(AppendFault::kInvalidRecord, keyed.error().message());
  }
  const bool in_transaction = producer.id >= 0;
  auto batches = encode_batches(
      records, {.id = producer.id, .epoch = producer.epoch, .transactional = in_transaction},
      environment.clock.now_ms(), options.batch_bytes,
      static_cast<size_t>(target.config().max_message_bytes));
  if (!batches.ok()) return refused(AppendFault::kTooLarge, batches.error().message());
  const auto write = [&]() -> Result<Partition::Judged> {
    LEAT_ASSIGN(const auto ticket, target.append(std::move(*batches)));
    return Partition::Judged{{}, ticket};
  };
  if (!in_transaction) {
    const auto judged = write();
    return judged.ok() ? appended(target, *judged) : not_written(judged.error());
  }
  const auto outcome = clients.append(target, producer, write);
  if (!outcome.refused) return appended(target, outcome.judged);
  AppendedBatch result;
  result.refused = outcome.refused;
  return result;
}

void Log::State::when_durable(const TopicPartition& partition, const AppendTicket& ticket,
                              Durable durable) {
  const auto found = find(partition);
  if (!found.ok()) {
    durable(found.error());
  } else {
    (*found)->when_settled(ticket, std::move(durable));
  }
}

Result<size_t> Log::State::pending_bytes(const TopicPartition& partition) {
  LEAT_ASSIGN(const Partition* const found, find(partition));
  return found->pending_bytes();
}

Result<FetchedBatches> Log::State::fetch_batches(const TopicPartition& partition, int64_t offset,
                                                 const BatchFetchLimits& limits) {
  LEAT_ASSIGN(Partition* const found, find(partition));
  return found->fetch_batches(offset, limits);
}

Result<BatchIo::WatchId> Log::State::when_readable(const TopicPartition& partition, int64_t offset,
                                                   Isolation isolation, Readable readable) {
  LEAT_ASSIGN(Partition* const found, find(partition));
  return found->when_readable(offset, isolation, std::move(readable));
}

void Log::State::forget(const TopicPartition& partition, WatchId watch) {
  if (const auto found = find(partition); found.ok()) (*found)->forget(watch);
}

Result<PartitionOffsets> Log::State::partition_offsets(const TopicPartition& partition) {
  LEAT_ASSIGN(const Partition* const found, find(partition));
  return found->all_offsets();
}

Result<std::optional<TimedOffset>> Log::State::record_at_time(const TopicPartition& partition,
                                                              int64_t timestamp_ms) {
  LEAT_ASSIGN(Partition* const found, find(partition));
  return found->record_at_time(timestamp_ms);
}

Result<std::optional<TimedOffset>> Log::State::newest_record(const TopicPartition& partition) {
  LEAT_ASSIGN(Partition* const found, find(partition));
  return found->newest_record();
}

Result<uint64_t> Log::State::stored_bytes(const TopicPartition& partition) {
  LEAT_ASSIGN(const Partition* const found, find(partition));
  return found->stored_bytes();
}

Result<std::vector<ProducerInfo>> Log::State::producers(const TopicPartition& partition) {
  LEAT_ASSIGN(const Partition* const found, find(partition));
  return found->producers();
}

}  // namespace leat::log
