#include "pipeline/epoch/epoch_transaction.h"

#include <algorithm>
#include <utility>

namespace leat::pipeline {
namespace {

StreamProgress after_epoch(const StreamProgress& before, const PreparedEpoch& epoch) {
  StreamProgress next = before;
  next.epoch += 1;
  next.write_time = std::max(epoch.now, next.write_time + 1);
  for (const auto& [partition, offset] : epoch.input.to) next.offsets[partition] = offset;
  next.counts.skipped += epoch.input.skipped_offsets();
  next.counts.read += static_cast<int64_t>(epoch.input.records.size());
  next.counts.used += static_cast<int64_t>(epoch.result.used);
  next.counts.filtered += static_cast<int64_t>(epoch.result.filtered);
  next.counts.dead_lettered += static_cast<int64_t>(epoch.result.failed.size());
  return next;
}

// Inside the transaction.
class EpochTransaction {
 public:
  EpochTransaction(const StreamParts& parts, PreparedEpoch& epoch, Micros write_time)
      : parts_(parts),
        epoch_(epoch),
        rows_(epoch.result.rows),
        origin_{.stream = parts.stream.name,
                .topic = parts.query.topic(),
                .now = epoch.now,
                .write_time = write_time} {}

  Result<void> write(StreamProgress& next) {
    for (auto& table : parts_.tables.all()) LEAT_TRY(write_table(table, next));
    for (const auto& failed : epoch_.result.failed) {
      written_.letters.push_back(letter_of(origin_, epoch_.input.records[failed.input],
                                           epoch_.input.kept.at(failed.input), failed.stage,
                                           failed.message));
    }
    LEAT_TRY(parts_.state.letters().add(written_.letters));
    return write_outbox(next);
  }

  Written take() {
    written_.appended = rows_.row_count();
    return std::move(written_);
  }

 private:
  Result<void> write_table(TargetTables::Table& table, StreamProgress& next) {
    LEAT_ASSIGN(const auto delivery, parts_.tables.write(table, rows_));
    const int64_t emitted = table.emitted(rows_);
    if (emitted == 0) return {};
    written_.removed = written_.removed || delivery.removed > 0;
    auto& counts = next.sinks[table.name];
    const auto refused = static_cast<int64_t>(delivery.refused.size());
    counts.emitted += emitted;
    counts.dead_lettered += refused;
    counts.delivered += emitted - refused;
    counts.replaced += emitted - refused - delivery.growth();
    if (refused == 0) return {};
    LEAT_TRY(parts_.preparer.keep(epoch_.input, records_of(delivery, rows_)));
    auto letters =
        refused_letters(origin_, table.name, epoch_.input, epoch_.input.kept, rows_, delivery);
    std::ranges::move(letters, std::back_inserter(written_.letters));
    return {};
  }

  Result<void> write_outbox(StreamProgress& next) {
    const auto emitted = static_cast<int64_t>(rows_.row_count() + rows_.deletes.size());
    if (emitted == 0) return {};
    for (const auto& sink : parts_.outside) {
      next.sinks[sink].emitted += emitted;
      written_.outbox.push_back({.epoch = next.epoch,
                                 .topic_id = next.topic_id,
                                 .from = epoch_.input.from,
                                 .to = epoch_.input.to,
                                 .types = *epoch_.input.types,
                                 .query_hash = parts_.query_hash,
                                 .now = epoch_.now,
                                 .write_time = next.write_time,
                                 .sink = sink,
                                 .rows = emitted,
                                 .bytes = static_cast<int64_t>(epoch_.input.bytes)});
      LEAT_TRY(parts_.state.outbox().add(parts_.stream.name, written_.outbox.back()));
    }
    return {};
  }

  const StreamParts& parts_;
  PreparedEpoch& epoch_;
  const store::RowBatch& rows_;
  const LetterOrigin origin_;
  Written written_;
};

}  // namespace

Result<Written> commit_epoch(const StreamParts& parts, PreparedEpoch& epoch) {
  LEAT_TRY(parts.tables.add_many_columns(epoch.result.rows));
  const StreamProgress after = after_epoch(parts.state.progress(), epoch);
  EpochTransaction transaction(parts, epoch, after.write_time);
  const auto written =
      parts.state.commit(after, epoch.input.types, [&](StreamProgress& next) -> Result<bool> {
        LEAT_TRY(transaction.write(next));
        return true;
      });
  if (written.ok()) return transaction.take();
  parts.tables.forget_prepared();
  return Error(written.error())
      .during(fmt::format("writing epoch {} of the stream {}", after.epoch, parts.stream.name));
}

Result<void> pass_over(const StreamParts& parts, const EpochInput& input) {
  StreamProgress next = parts.state.progress();
  for (const auto& [partition, offset] : input.to) next.offsets[partition] = offset;
  if (input.skipped.empty()) {
    // Moving over control records again after a crash costs nothing, a commit would.
    parts.state.set_progress(std::move(next));
    return {};
  }
  next.counts.skipped += input.skipped_offsets();
  const auto written = parts.state.commit(next, parts.state.types(),
                                          [](StreamProgress&) -> Result<bool> { return true; });
  return written.ok() ? Result<void>() : written.error();
}

}  // namespace leat::pipeline
