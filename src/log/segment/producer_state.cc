#include "log/segment/producer_state.h"

#include <algorithm>

#include "base/bytes.h"
#include "log/batch/crc32c.h"
#include "log/batch/record_batch_builder.h"

namespace leat::log {
namespace {

constexpr std::string_view kMagic = "leatprod";
constexpr uint16_t kVersion = 2;
constexpr size_t kHeadSize = 8 + 2 + 8 + 4 + 4 + 4;
constexpr size_t kOpenSize = 8 + 2 + 8;
constexpr size_t kAbortedSize = 8 + 8 + 8;
constexpr size_t kProducerSize = 8 + 2 + 8 + 1;
constexpr size_t kBatchSize = 4 + 4 + 8 + 8;
constexpr size_t kChecksumSize = 4;

Error corrupt(const char* what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt, "the producer snapshot {}", what);
}

}  // namespace

void ProducerState::apply(const BatchHeader& header, std::optional<ControlType> marker) {
  if (header.producer_id >= 0) remember(header, marker.has_value());
  if (!header.is_transactional()) return;
  if (!marker) {
    open_.try_emplace(header.producer_id, OpenTransaction{header.producer_id, header.producer_epoch,
                                                          header.base_offset});
    return;
  }
  const auto open = open_.find(header.producer_id);
  if (open == open_.end()) return;
  if (*marker == ControlType::kAbort) {
    auto longer = std::make_shared<AbortedTransactions>(*aborted_);
    longer->push_back({header.producer_id, open->second.first_offset, header.base_offset});
    aborted_ = std::move(longer);
  }
  open_.erase(open);
}

void ProducerState::remember(const BatchHeader& header, bool is_marker) {
  Producer& producer = producers_[header.producer_id];
  if (header.producer_epoch > producer.epoch) {
    producer.epoch = header.producer_epoch;
    producer.batches.clear();
  }
  producer.idle_since_ms = kNoTimestamp;
  producer.last_timestamp = std::max(producer.last_timestamp, header.max_timestamp);
  // Batches that hold no record take no sequence numbers: markers, and what compaction leaves.
  if (is_marker || header.record_count == 0 || header.base_sequence < 0 ||
      header.producer_epoch < producer.epoch) {
    return;
  }
  if (producer.batches.size() == kRememberedBatches) {
    producer.batches.erase(producer.batches.begin());
  }
  producer.batches.push_back(
      {.first_sequence = header.base_sequence,
       .last_sequence = next_sequence(header.base_sequence, header.last_offset_delta),
       .base_offset = header.base_offset,
       .timestamp = header.max_timestamp});
}

SequenceVerdict ProducerState::judge(const BatchHeader& header) const {
  using Kind = SequenceVerdict::Kind;
  const auto known = producers_.find(header.producer_id);
  if (known == producers_.end()) return {};
  const Producer& producer = known->second;
  if (header.producer_epoch < producer.epoch) {
    return {.kind = Kind::kOldEpoch, .epoch = producer.epoch};
  }
  if (header.producer_epoch > producer.epoch) {
    // A new epoch begins at 0.
    if (header.base_sequence == 0) return {};
    return {.kind = Kind::kOutOfOrder, .expected = 0};
  }
  if (producer.batches.empty()) return {};
  const int32_t last = next_sequence(header.base_sequence, header.last_offset_delta);
  for (const Batch& batch : producer.batches) {
    if (batch.first_sequence == header.base_sequence && batch.last_sequence == last) {
      return {
          .kind = Kind::kDuplicate, .base_offset = batch.base_offset, .timestamp = batch.timestamp};
    }
  }
  const int32_t expected = next_sequence(producer.batches.back().last_sequence, 1);
  if (header.base_sequence == expected) return {};
  return {.kind = Kind::kOutOfOrder, .expected = expected};
}

std::vector<ProducerInfo> ProducerState::producers() const {
  std::vector<ProducerInfo> all;
  for (const auto& [id, producer] : producers_) {
    ProducerInfo info{.producer_id = id,
                      .producer_epoch = producer.epoch,
                      .last_timestamp_ms = producer.last_timestamp};
    if (!producer.batches.empty()) info.last_sequence = producer.batches.back().last_sequence;
    if (const auto open = open_.find(id); open != open_.end()) {
      info.open_since = open->second.first_offset;
    }
    all.push_back(info);
  }
  return all;
}

void ProducerState::forget_idle(int64_t now_ms, int64_t max_idle_ms) {
  for (auto& [id, producer] : producers_) {
    if (producer.idle_since_ms == kNoTimestamp) producer.idle_since_ms = now_ms;
  }
  std::erase_if(producers_, [&](const auto& entry) {
    return now_ms - entry.second.idle_since_ms >= max_idle_ms && !open_.contains(entry.first);
  });
}

std::optional<int64_t> ProducerState::first_open_offset() const {
  std::optional<int64_t> first;
  for (const auto& [id, open] : open_)
    first = std::min(first.value_or(open.first_offset), open.first_offset);
  return first;
}

std::vector<OpenTransaction> ProducerState::open_transactions() const {
  std::vector<OpenTransaction> all;
  for (const auto& [id, open] : open_) all.push_back(open);
  return all;
}

void ProducerState::forget_before(int64_t log_start_offset) {
  const auto kept = std::partition_point(aborted_->begin(), aborted_->end(),
                                         [&](const AbortedTransaction& transaction) {
                                           return transaction.last_offset < log_start_offset;
                                         });
  if (kept == aborted_->begin()) return;
  aborted_ = std::make_shared<AbortedTransactions>(kept, aborted_->end());
}

std::string ProducerState::encode(int64_t offset) const {
  std::string bytes(kMagic);
  append_big_endian(bytes, kVersion);
  append_big_endian(bytes, offset);
  append_big_endian(bytes, static_cast<uint32_t>(open_.size()));
  append_big_endian(bytes, static_cast<uint32_t>(aborted_->size()));
  append_big_endian(bytes, static_cast<uint32_t>(producers_.size()));
  for (const auto& [id, open] : open_) {
    append_big_endian(bytes, open.producer_id);
    append_big_endian(bytes, open.producer_epoch);
    append_big_endian(bytes, open.first_offset);
  }
  for (const AbortedTransaction& transaction : *aborted_) {
    append_big_endian(bytes, transaction.producer_id);
    append_big_endian(bytes, transaction.first_offset);
    append_big_endian(bytes, transaction.last_offset);
  }
  for (const auto& [id, producer] : producers_) {
    append_big_endian(bytes, id);
    append_big_endian(bytes, producer.epoch);
    append_big_endian(bytes, producer.last_timestamp);
    append_big_endian(bytes, static_cast<uint8_t>(producer.batches.size()));
    for (const Batch& batch : producer.batches) {
      append_big_endian(bytes, batch.first_sequence);
      append_big_endian(bytes, batch.last_sequence);
      append_big_endian(bytes, batch.base_offset);
      append_big_endian(bytes, batch.timestamp);
    }
  }
  append_big_endian(bytes, crc32c(as_bytes(bytes)));
  return bytes;
}

Result<ProducerState::Snapshot> ProducerState::decode(std::string_view bytes) {
  if (bytes.size() < kHeadSize + kChecksumSize || !bytes.starts_with(kMagic))
    return corrupt("is cut off");
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumSize);
  if (load_big_endian<uint32_t>(content.data() + content.size()) != crc32c(as_bytes(content))) {
    return corrupt("fails its checksum");
  }
  std::string_view rest = content.substr(kMagic.size());
  if (const auto version = take_big_endian<uint16_t>(rest); version != kVersion) {
    if (version < kVersion) return corrupt("is of an older version");
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "the producer snapshot has version {}, this program knows {}", version,
                       kVersion);
  }
  Snapshot snapshot;
  snapshot.offset = take_big_endian<int64_t>(rest);
  const uint64_t open_count = take_big_endian<uint32_t>(rest);
  const uint64_t aborted_count = take_big_endian<uint32_t>(rest);
  const uint64_t producer_count = take_big_endian<uint32_t>(rest);
  if (rest.size() < open_count * kOpenSize + aborted_count * kAbortedSize)
    return corrupt("has a wrong size");
  for (uint64_t i = 0; i < open_count; ++i) {
    OpenTransaction open;
    open.producer_id = take_big_endian<int64_t>(rest);
    open.producer_epoch = take_big_endian<int16_t>(rest);
    open.first_offset = take_big_endian<int64_t>(rest);
    snapshot.state.open_.emplace(open.producer_id, open);
  }
  AbortedTransactions aborted;
  for (uint64_t i = 0; i < aborted_count; ++i) {
    AbortedTransaction transaction;
    transaction.producer_id = take_big_endian<int64_t>(rest);
    transaction.first_offset = take_big_endian<int64_t>(rest);
    transaction.last_offset = take_big_endian<int64_t>(rest);
    aborted.push_back(transaction);
  }
  snapshot.state.aborted_ = std::make_shared<AbortedTransactions>(std::move(aborted));
  for (uint64_t i = 0; i < producer_count; ++i) {
    if (rest.size() < kProducerSize) return corrupt("has a wrong size");
    const auto id = take_big_endian<int64_t>(rest);
    Producer producer;
    producer.epoch = take_big_endian<int16_t>(rest);
    producer.last_timestamp = take_big_endian<int64_t>(rest);
    const auto batches = take_big_endian<uint8_t>(rest);
    if (rest.size() < batches * kBatchSize) return corrupt("has a wrong size");
    for (uint8_t each = 0; each < batches; ++each) {
      Batch batch;
      batch.first_sequence = take_big_endian<int32_t>(rest);
      batch.last_sequence = take_big_endian<int32_t>(rest);
      batch.base_offset = take_big_endian<int64_t>(rest);
      batch.timestamp = take_big_endian<int64_t>(rest);
      producer.batches.push_back(batch);
    }
    snapshot.state.producers_.emplace(id, std::move(producer));
  }
  if (!rest.empty()) return corrupt("has a wrong size");
  return snapshot;
}

bool is_aborted(const AbortedTransactions& aborted, int64_t producer_id, int64_t offset) {
  auto transaction = std::partition_point(
      aborted.begin(), aborted.end(),
      [&](const AbortedTransaction& candidate) { return candidate.last_offset < offset; });
  for (; transaction != aborted.end(); ++transaction) {
    // A producer's transactions follow each other: its first one that ends after the batch decides.
    if (transaction->producer_id == producer_id) return transaction->first_offset <= offset;
  }
  return false;
}

}  // namespace leat::log
