// StreamRunner: one epoch, from records to a committed transaction and its deliveries.
#include <algorithm>

#include "base/logging.h"
#include "base/secrets.h"
#include "base/text/lower_case.h"
#include "pipeline/running/stream_runner.h"

namespace leat::pipeline {
namespace {

constexpr std::chrono::milliseconds kFirstDeliveryDelay{500};

}  // namespace

// One transaction; a table that it altered is prepared again after a rollback.
Result<bool> StreamRunner::commit(StreamProgress next, const BoundTypes& types,
                                  const std::function<Result<bool>(StreamProgress&)>& write) {
  LEAT_TRY(connection_->begin());
  Result<bool> written = [&]() -> Result<bool> {
    LEAT_ASSIGN(const bool wanted, write(next));
    if (!wanted) return false;
    LEAT_TRY(state_.save_progress(stream_.name, next));
    if (*types != *types_) LEAT_TRY(state_.save_types(stream_.name, *types));
    LEAT_TRY(connection_->commit());
    return true;
  }();
  if (!written.ok() || !*written) {
    connection_->rollback();
    for (auto& table : tables_) table.prepared.clear();
    return written;
  }
  progress_ = std::move(next);
  types_ = types;
  return true;
}

Result<void> StreamRunner::commit_epoch(PreparedEpoch& prepared) {
  auto& [input, result, now, warnings] = prepared;
  Epoch epoch{.prepared = prepared, .next = progress_};
  auto& next = epoch.next;
  next.epoch += 1;
  next.write_time = std::max(now, next.write_time + 1);
  for (const auto& [partition, offset] : input.to) next.offsets[partition] = offset;
  next.counts.skipped += input.skipped_offsets();
  next.counts.read += static_cast<int64_t>(input.records.size());
  next.counts.used += static_cast<int64_t>(result.used);
  next.counts.filtered += static_cast<int64_t>(result.filtered);
  next.counts.dead_lettered += static_cast<int64_t>(result.failed.size());

  std::vector<OutboxEntry> outbox;
  const auto written = commit(next, input.types, [&](StreamProgress& committed) -> Result<bool> {
    epoch.next = committed;
    LEAT_TRY(write_tables(epoch));
    LEAT_TRY(write_letters(prepared));
    for (const auto& target : outside_) {
      const auto emitted =
          static_cast<int64_t>(result.rows.row_count() + result.rows.deletes.size());
      if (emitted == 0) continue;
      epoch.next.sinks[target.name].emitted += emitted;
      outbox.push_back(outbox_entry(input, epoch.next, now, target.name));
      LEAT_TRY(state_.add_outbox(stream_.name, outbox.back()));
    }
    committed = epoch.next;
    return true;
  });
  if (!written.ok()) {
    return Error(written.error())
        .during(fmt::format("writing epoch {} of the stream {}", next.epoch, stream_.name));
  }
  if (!tables_.empty()) {
    pace_.committed(result.rows.row_count(), epoch.removed, connection_->wal_bytes());
  }
  note_left_out(result.left_out);
  if (context_.after_epoch) context_.after_epoch();
  for (const auto& failed : result.failed) {
    const auto& place = input.records[failed.input];
    letter_news_.add(fmt::format("{}-{}@{}", query_.topic(), place.partition, place.offset),
                     failed.message);
  }

  for (const auto& entry : outbox) {
    const auto target = std::find_if(outside_.begin(), outside_.end(),
                                     [&](const auto& t) { return t.name == entry.sink; });
    LEAT_TRY(deliver(*target, entry, input, result.rows));
  }
  return {};
}

// The first time that a field is left out is told at once, the count in the summary.
void StreamRunner::note_left_out(const codec::LeftOutFields& more) {
  for (const auto& [path, field] : more) {
    if (left_out_.contains(path) || left_out_.size() >= codec::kMostLeftOut) continue;
    log_warn("stream {}: {}.{} is left out: {}", stream_.name, query_.topic(), path, field.reason);
  }
  codec::add_left_out(left_out_, more);
}

Result<void> StreamRunner::checkpoint_if_due() {
  if (!pace_.due()) return {};
  LEAT_ASSIGN(const bool done, connection_->checkpoint());
  if (done) pace_.checkpointed();
  return {};
}

bool StreamRunner::lacks_key(const TableTarget& table, const store::RowBatch& rows) const {
  if (!query_.names_all()) return false;
  return std::ranges::any_of(table.key, [&](const std::string& name) {
    return std::ranges::none_of(rows.columns, [&](const store::Column& column) {
      return same_in_lower_case(column.name, name);
    });
  });
}

std::vector<sink::RefusedRow> StreamRunner::rows_without_key(const TableTarget& table,
                                                             const store::RowBatch& rows) {
  std::vector<sink::RefusedRow> refused;
  for (uint32_t row = 0; row < rows.row_count(); ++row) {
    refused.push_back(
        {row, fmt::format("the key is NULL: no record had {} so far", fmt::join(table.key, ", "))});
  }
  return refused;
}

Result<void> StreamRunner::write_tables(Epoch& epoch) {
  const auto& rows = epoch.prepared.result.rows;
  for (auto& table : tables_) {
    const bool no_key = lacks_key(table, rows);
    if (!no_key && table.prepared != rows.columns && !rows.columns.empty()) {
      LEAT_TRY(table.writer->prepare(rows.columns));
      table.prepared = rows.columns;
    }
    // A table that is only appended to has no part in deletes, which another target asked for.
    const size_t deletes = table.keyed ? rows.deletes.size() : 0;
    const auto emitted = static_cast<int64_t>(rows.row_count() + deletes);
    if (emitted == 0) continue;
    sink::TableDelivery delivery;
    if (no_key) {
      delivery.refused = rows_without_key(table, rows);
    } else if (!rows.columns.empty()) {  // else deletes, and there is no table yet
      LEAT_ASSIGN(delivery, table.writer->write(rows));
    }
    epoch.removed = epoch.removed || delivery.removed > 0;
    auto& counts = epoch.next.sinks[table.name];
    const auto refused = static_cast<int64_t>(delivery.refused.size());
    counts.emitted += emitted;
    counts.dead_lettered += refused;
    counts.delivered += emitted - refused;
    counts.replaced += emitted - refused - delivery.growth();
    LEAT_TRY(
        add_refused_letters(table.name, epoch.prepared.input, rows, delivery, epoch.prepared.now));
  }
  return {};
}

Result<void> StreamRunner::write_letters(const PreparedEpoch& epoch) {
  std::vector<StreamLetter> letters;
  for (const auto& failed : epoch.result.failed) {
    letters.push_back(
        letter_of(epoch.input, failed.input, failed.stage, failed.message, epoch.now));
  }
  return letters_.add(letters);
}

Result<void> StreamRunner::deliver(OutsideTarget& target, const OutboxEntry& entry,
                                   EpochInput& input, const store::RowBatch& rows, int attempts) {
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
    if (delivered.error().retry() == Retry::kNo || attempt == attempts) {
      return std::move(delivered).error().during(fmt::format(
          "delivering epoch {} of the stream {} to {}", entry.epoch, stream_.name, target.name));
    }
    if (!wait_to_deliver(delivered.error(), delay)) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    }
    delay *= 2;
  }

  const auto written = commit(progress_, types_, [&](StreamProgress& next) -> Result<bool> {
    auto& counts = next.sinks[target.name];
    counts.dead_lettered += static_cast<int64_t>(delivery.refused.size());
    counts.delivered +=
        static_cast<int64_t>(rows.row_count() + rows.deletes.size() - delivery.refused.size());
    LEAT_TRY(add_refused_letters(target.name, input, rows, delivery, entry.now));
    LEAT_TRY(state_.remove_outbox(stream_.name, entry));
    return true;
  });
  return written.ok() ? Result<void>() : written.error();
}

bool StreamRunner::wait_to_deliver(const Error& error, std::chrono::milliseconds delay) {
  log_warn("stream {}: {}; trying again in {} ms", stream_.name, error.message(), delay.count());
  publish_trouble(error.message());
  const bool waited = context_.clock.sleep_for(delay, context_.stop);
  if (waited) publish_trouble("");
  return waited;
}

StreamLetter StreamRunner::letter_of(const EpochInput& input, uint32_t record, std::string stage,
                                     std::string error, Micros now) const {
  const auto& place = input.records[record];
  const auto& bytes = input.kept.at(record);
  return {.stream = stream_.name,
          .sink = {},
          .topic = query_.topic(),
          .partition = place.partition,
          .offset = place.offset,
          .row = 0,
          .stage = std::move(stage),
          .error = without_secrets(std::move(error)),
          .key = bytes.key,
          .value = bytes.value,
          .timestamp_ms = place.timestamp_ms,
          .at = now};
}

Result<void> StreamRunner::add_refused_letters(const std::string& sink, EpochInput& input,
                                               const store::RowBatch& rows,
                                               const sink::Delivery& delivery, Micros now) {
  const auto record_of = [&](const sink::RefusedRow& refused) {
    return refused.kind == sink::RefusedKind::kDelete ? rows.deletes[refused.row].input
                                                      : rows.inputs[refused.row];
  };
  std::vector<uint32_t> indexes;
  for (const auto& refused : delivery.refused) indexes.push_back(record_of(refused));
  std::sort(indexes.begin(), indexes.end());
  LEAT_TRY(preparer_->keep(input, indexes));
  std::vector<StreamLetter> letters;
  for (const auto& refused : delivery.refused) {
    const uint32_t record = record_of(refused);
    StreamLetter letter = letter_of(input, record, "sink", refused.message, now);
    letter.sink = sink;
    if (refused.kind != sink::RefusedKind::kDelete) {
      const auto first = std::lower_bound(rows.inputs.begin(), rows.inputs.end(), record);
      letter.row = refused.row - (first - rows.inputs.begin());
    }
    letter_news_.add(
        fmt::format("{}-{}@{} for {}", letter.topic, letter.partition, letter.offset, sink),
        letter.error);
    letters.push_back(std::move(letter));
  }
  return letters_.add(letters);
}

OutboxEntry StreamRunner::outbox_entry(const EpochInput& input, const StreamProgress& next,
                                       Micros now, const std::string& sink) const {
  return {.epoch = next.epoch,
          .from = input.from,
          .to = input.to,
          .types = *input.types,
          .query_hash = query_hash_,
          .now = now,
          .write_time = next.write_time,
          .sink = sink};
}

}  // namespace leat::pipeline
