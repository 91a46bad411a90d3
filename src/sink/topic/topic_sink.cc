#include "sink/topic/topic_sink.h"

#include <utility>

#include "base/logging.h"

namespace leat::sink {

TopicSink::TopicSink(log::TopicStore& topics, TopicSinkOptions options)
    : topics_(topics),
      options_(std::move(options)),
      position_key_(topic_position_key(options_.pipeline, options_.stream, options_.topic)) {}

Result<void> TopicSink::prepare(const std::vector<store::Column>& columns) {
  LEAT_ASSIGN(records_, RowRecords::create(columns, options_.key));
  return {};
}

// Opening the writer fences an older self; only then is the last committed position the truth.
Result<void> TopicSink::open() {
  LEAT_ASSIGN(auto writer, topics_.open_writer("leat-stream-" + options_.pipeline + "." +
                                               options_.stream + "." + options_.topic));
  LEAT_ASSIGN(position_, read_topic_position(topics_.reader(), position_key_));
  writer_ = std::move(writer);
  return {};
}

Result<std::optional<uint64_t>> TopicSink::newest_epoch() {
  if (writer_ == nullptr) LEAT_TRY(open());
  const bool is_own = position_ && position_->store_id == options_.store_id;
  return is_own ? std::optional(position_->epoch) : std::nullopt;
}

Result<Delivery> TopicSink::deliver(const EpochIdentity& epoch, const store::RowBatch& rows) {
  if (writer_ == nullptr) LEAT_TRY(open());
  auto delivery = write(epoch, rows);
  if (!delivery.ok()) writer_.reset();
  return delivery;
}

Result<bool> TopicSink::is_new(const EpochIdentity& epoch) const {
  const Standing standing = standing_of(epoch, position_);
  if (standing == Standing::kNew) return true;
  if (standing == Standing::kThere) return false;
  const Error error = user_error(
      "the topic {} holds rows of the stream {} that were written before pipelines/{}.duckdb was "
      "made anew: go on with the data that wrote them, or append behind them with --fresh",
      options_.topic, options_.stream, options_.pipeline);
  if (!options_.fresh) return error;
  log_warn("{}; going on behind them as --fresh asks", error.message());
  return true;
}

// What is there already is gone through once more: what of it was refused is not on record yet.
Result<Delivery> TopicSink::write(const EpochIdentity& epoch, const store::RowBatch& rows) {
  if (!records_) return internal_error("topic {} is written unprepared", options_.topic);
  LEAT_ASSIGN(const bool send, is_new(epoch));
  LEAT_ASSIGN(const auto topic, topics_.describe(options_.topic));
  Parts parts(static_cast<size_t>(topic.partitions));
  // Without a key an epoch stays together in one partition, and epochs take turns.
  const auto turn = static_cast<int32_t>(epoch.epoch % static_cast<uint64_t>(topic.partitions));
  const auto add = [&](const RowRecord& record) {
    const int32_t partition =
        record.key ? log::partition_for_key(*record.key, topic.partitions) : turn;
    parts[static_cast<size_t>(partition)].push_back(
        {.key = record.key, .value = record.value, .timestamp_ms = epoch.write_time / 1000});
  };

  if (send) LEAT_TRY(writer_->begin());
  LEAT_ASSIGN(const auto deletes, records_->deletes(rows));
  Delivery delivery;
  if (deletes.empty()) delivery.passed_over = static_cast<uint32_t>(rows.deletes.size());
  size_t next_delete = 0;
  // A delete stands among the rows as its record stood among theirs.
  const auto add_deletes = [&](uint32_t before) {
    for (; next_delete < deletes.size() && rows.deletes[next_delete].input < before;
         ++next_delete) {
      if (deletes[next_delete].key) add(deletes[next_delete]);
    }
  };
  uint32_t row = 0;
  for (size_t chunk = 0; chunk < rows.chunks.size(); ++chunk) {
    LEAT_ASSIGN(auto records, records_->rows(rows, chunk, topic));
    for (auto& record : records) {
      add_deletes(rows.inputs[row]);
      if (record.refused.empty()) {
        add(record);
      } else {
        delivery.refused.push_back({.row = row, .message = std::move(record.refused)});
      }
      ++row;
    }
    if (send) LEAT_TRY(append(parts));
    for (auto& part : parts) part.clear();
  }
  add_deletes(UINT32_MAX);
  for (uint32_t i = 0; i < deletes.size(); ++i) {
    if (deletes[i].refused.empty()) continue;
    delivery.refused.push_back(
        {.row = i, .message = deletes[i].refused, .kind = RefusedKind::kDelete});
  }
  if (!send) return delivery;
  LEAT_TRY(append(parts));
  LEAT_TRY(append_position(epoch));
  LEAT_TRY(writer_->commit());
  position_ = TopicPosition{.store_id = epoch.store_id, .epoch = epoch.epoch};
  return delivery;
}

Result<void> TopicSink::append(Parts& parts) {
  for (size_t partition = 0; partition < parts.size(); ++partition) {
    if (parts[partition].empty()) continue;
    LEAT_TRY(writer_->append({options_.topic, static_cast<int32_t>(partition)}, parts[partition]));
  }
  return {};
}

Result<void> TopicSink::append_position(const EpochIdentity& epoch) {
  const std::string value =
      TopicPosition{.store_id = epoch.store_id, .epoch = epoch.epoch}.to_json();
  const log::NewRecord record{
      .key = position_key_, .value = value, .timestamp_ms = epoch.write_time / 1000};
  return writer_->append({kDeliveriesTopic, 0}, {&record, 1});
}

Result<void> TopicSink::close() {
  writer_.reset();
  return {};
}

}  // namespace leat::sink
