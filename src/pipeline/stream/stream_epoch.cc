// StreamRunner: one epoch, from records to a committed transaction and its deliveries.
#include <algorithm>

#include "base/logging.h"
#include "pipeline/stream/stream_runner.h"

namespace leat::pipeline {
namespace {

// A sink that is down is asked again this often before the stream gives up; with the delays below
// about two minutes.
constexpr int kDeliveryAttempts = 8;
constexpr std::chrono::milliseconds kFirstDeliveryDelay{500};

// SELECT * over a topic of which no field is known yet gives rows without columns, which no target
// can hold: dead letters, which are rows of NULLs once a field is known and they are redriven.
void refuse_rows_without_columns(stream::BatchResult& result) {
  if (!result.rows.columns.empty() || result.rows.row_count() == 0) return;
  auto& inputs = result.rows.inputs;
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  for (const uint32_t input : inputs) {
    result.failed.push_back(
        {.input = input, .stage = "query", .message = "the record has no fields"});
  }
  std::sort(result.failed.begin(), result.failed.end(),
            [](const auto& a, const auto& b) { return a.input < b.input; });
  result.used -= inputs.size();
  inputs.clear();
  result.rows.chunks.clear();
}

}  // namespace

Result<void> StreamRunner::use_schema(const SchemaVersion& schema) {
  if (planned_version_ == schema.version) return {};
  LEAT_ASSIGN(auto plan, stream::plan(query_, schema.schema, *connection_));
  executor_.reset();  // it refers to plan_
  plan_ = std::move(plan);
  LEAT_ASSIGN(executor_, stream::Executor::create(plan_, *connection_));
  planned_version_ = schema.version;
  return {};
}

Result<stream::BatchResult> StreamRunner::execute(EpochInput& input, Micros now) {
  const std::string& topic = query_.topic();
  if (input.schema.version == 0) {
    const auto values = input.values();
    LEAT_ASSIGN(input.schema, context_.schemas.evolve(topic, input.from, values));
  }
  stream::ExecuteOptions options{.now = now,
                                 .strict_schema = context_.strict_topics.contains(topic),
                                 .null_on_error = stream_.on_error == config::OnError::kNull,
                                 .keyed = keyed_};
  while (true) {
    LEAT_TRY(use_schema(input.schema));
    LEAT_ASSIGN(auto result, executor_->run(input.records, options));
    if (!result.misfit) {
      refuse_rows_without_columns(result);
      return result;
    }
    const auto values = input.values();
    LEAT_ASSIGN(auto evolved, context_.schemas.evolve(topic, input.from, values));
    if (evolved.version == input.schema.version) {
      // No schema takes the record in: it is that record's dead letter.
      options.strict_schema = true;
    }
    input.schema = std::move(evolved);
  }
}

Result<void> StreamRunner::commit_epoch(const EpochInput& input, stream::BatchResult& result,
                                        Micros now) {
  Epoch epoch{.input = input, .result = result, .next = progress_, .now = now};
  auto& next = epoch.next;
  next.epoch += 1;
  next.write_time = std::max(now, next.write_time + 1);
  for (const auto& [partition, offset] : input.to) next.offsets[partition] = offset;
  next.counts.read += static_cast<int64_t>(input.records.size());
  next.counts.used += static_cast<int64_t>(result.used);
  next.counts.filtered += static_cast<int64_t>(result.filtered);
  next.counts.dead_lettered += static_cast<int64_t>(result.failed.size());

  std::vector<OutboxEntry> outbox;
  LEAT_TRY(connection_->begin());
  const Result<void> written = [&]() -> Result<void> {
    LEAT_TRY(write_tables(epoch));
    LEAT_TRY(write_letters(epoch));
    for (const auto& target : outside_) {
      const auto emitted =
          static_cast<int64_t>(result.rows.row_count() + result.rows.deletes.size());
      if (emitted == 0) continue;
      next.sinks[target.name].emitted += emitted;
      outbox.push_back(outbox_entry(input, next, now, target.name));
      LEAT_TRY(state_.add_outbox(stream_.name, outbox.back()));
    }
    LEAT_TRY(state_.save_progress(stream_.name, next));
    return connection_->commit();
  }();
  if (!written.ok()) {
    connection_->rollback();
    for (auto& table : tables_) table.prepared.clear();
    return Error(written.error())
        .during(fmt::format("writing epoch {} of the stream {}", next.epoch, stream_.name));
  }
  progress_ = std::move(next);
  if (context_.after_epoch) context_.after_epoch();

  for (const auto& entry : outbox) {
    const auto target = std::find_if(outside_.begin(), outside_.end(),
                                     [&](const auto& t) { return t.name == entry.sink; });
    LEAT_TRY(deliver(*target, entry, input, result.rows));
  }
  return {};
}

Result<void> StreamRunner::write_tables(Epoch& epoch) {
  const auto& rows = epoch.result.rows;
  for (auto& table : tables_) {
    if (table.prepared != rows.columns && !rows.columns.empty()) {
      LEAT_TRY(table.writer->prepare(rows.columns));
      table.prepared = rows.columns;
    }
    const auto emitted = static_cast<int64_t>(rows.row_count() + rows.deletes.size());
    if (emitted == 0) continue;
    sink::Delivery delivery;
    if (!rows.columns.empty()) {  // else deletes, and there is no table yet
      LEAT_ASSIGN(delivery, table.writer->write(rows));
    }
    auto& counts = epoch.next.sinks[table.name];
    counts.emitted += emitted;
    counts.dead_lettered += static_cast<int64_t>(delivery.refused.size());
    counts.delivered += emitted - static_cast<int64_t>(delivery.refused.size());
    LEAT_TRY(
        state_.add_letters(refused_letters(table.name, epoch.input, rows, delivery, epoch.now)));
  }
  return {};
}

Result<void> StreamRunner::write_letters(Epoch& epoch) {
  std::vector<StreamLetter> letters;
  for (const auto& failed : epoch.result.failed) {
    letters.push_back(
        letter_of(epoch.input.records[failed.input], failed.stage, failed.message, epoch.now));
  }
  return state_.add_letters(letters);
}

Result<void> StreamRunner::deliver(OutsideTarget& target, const OutboxEntry& entry,
                                   const EpochInput& input, const store::RowBatch& rows) {
  const sink::EpochIdentity identity{.store_id = context_.store_id,
                                     .pipeline = context_.pipeline,
                                     .stream = stream_.name,
                                     .epoch = entry.epoch,
                                     .write_time = entry.write_time};
  sink::Delivery delivery;
  auto delay = kFirstDeliveryDelay;
  for (int attempt = 1;; ++attempt) {
    Result<sink::Delivery> delivered = [&]() -> Result<sink::Delivery> {
      if (target.prepared != rows.columns) {
        LEAT_TRY(target.sink->prepare(rows.columns));
        target.prepared = rows.columns;
      }
      return target.sink->deliver(identity, rows);
    }();
    if (delivered.ok()) {
      delivery = std::move(delivered).value();
      break;
    }
    target.prepared.clear();
    if (delivered.error().retry() == Retry::kNo || attempt == kDeliveryAttempts) {
      return std::move(delivered).error().during(fmt::format(
          "delivering epoch {} of the stream {} to {}", entry.epoch, stream_.name, target.name));
    }
    log_warn("stream {}: {}; trying again in {} ms", stream_.name, delivered.error().message(),
             delay.count());
    context_.clock.sleep_for(delay, {});
    delay *= 2;
  }

  StreamProgress next = progress_;
  auto& counts = next.sinks[target.name];
  counts.dead_lettered += static_cast<int64_t>(delivery.refused.size());
  counts.delivered +=
      static_cast<int64_t>(rows.row_count() + rows.deletes.size() - delivery.refused.size());
  LEAT_TRY(connection_->begin());
  const Result<void> written = [&]() -> Result<void> {
    LEAT_TRY(state_.add_letters(refused_letters(target.name, input, rows, delivery, entry.now)));
    LEAT_TRY(state_.remove_outbox(stream_.name, entry.epoch, target.name));
    LEAT_TRY(state_.save_progress(stream_.name, next));
    return connection_->commit();
  }();
  if (!written.ok()) {
    connection_->rollback();
    return Error(written.error());
  }
  progress_ = std::move(next);
  return {};
}

StreamLetter StreamRunner::letter_of(const stream::InputRecord& record, std::string stage,
                                     std::string error, Micros now) const {
  StreamLetter letter{.stream = stream_.name,
                      .sink = {},
                      .topic = query_.topic(),
                      .partition = record.partition,
                      .offset = record.offset,
                      .row = 0,
                      .stage = std::move(stage),
                      .error = std::move(error),
                      .key = std::nullopt,
                      .value = std::nullopt,
                      .timestamp_ms = record.timestamp_ms,
                      .at = now};
  if (record.key) letter.key = std::string(*record.key);
  if (record.value) letter.value = std::string(*record.value);
  return letter;
}

std::vector<StreamLetter> StreamRunner::refused_letters(const std::string& sink,
                                                        const EpochInput& input,
                                                        const store::RowBatch& rows,
                                                        const sink::Delivery& delivery,
                                                        Micros now) const {
  std::vector<StreamLetter> letters;
  for (const auto& refused : delivery.refused) {
    const uint32_t record = (refused.kind == sink::RefusedKind::kDelete)
                                ? rows.deletes[refused.row].input
                                : rows.inputs[refused.row];
    StreamLetter letter = letter_of(input.records[record], "sink", refused.message, now);
    letter.sink = sink;
    if (!(refused.kind == sink::RefusedKind::kDelete)) {
      const auto first = std::lower_bound(rows.inputs.begin(), rows.inputs.end(), record);
      letter.row = refused.row - (first - rows.inputs.begin());
    }
    letters.push_back(std::move(letter));
  }
  return letters;
}

OutboxEntry StreamRunner::outbox_entry(const EpochInput& input, const StreamProgress& next,
                                       Micros now, const std::string& sink) const {
  return {.epoch = next.epoch,
          .from = input.from,
          .to = input.to,
          .schema_version = input.schema.version,
          .query_hash = query_hash_,
          .now = now,
          .write_time = next.write_time,
          .sink = sink};
}

}  // namespace leat::pipeline
