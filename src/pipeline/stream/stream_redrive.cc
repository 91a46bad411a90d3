// StreamRunner: dead letters run again.
//
// A redriven record must not overwrite a row that a later record of its partition wrote. For keyed
// tables the letter is therefore written together with the later records of the same record key,
// in their order: the reduction to the last row per key leaves the newer row in place, and writing
// a later record's row a second time changes nothing.
#include <algorithm>

#include "pipeline/stream/stream_runner.h"

namespace leat::pipeline {
namespace {

// The input index of the letter in a batch that letter_and_later() made.
constexpr uint32_t kLetter = 0;

const stream::FailedRecord* failure_of_letter(const stream::BatchResult& result) {
  return !result.failed.empty() && result.failed.front().input == kLetter ? &result.failed.front()
                                                                          : nullptr;
}

// Whether it is the letter's own row, and not another one of its record or a later record.
bool is_refusal_of(const StreamLetter& letter, const sink::RefusedRow& refused,
                   const store::RowBatch& rows) {
  if (refused.kind == sink::RefusedKind::kDelete) {
    return rows.deletes[refused.row].input == kLetter;
  }
  return rows.inputs[refused.row] == kLetter && refused.row == letter.row;  // its rows come first
}

// Owns the bytes of a letter's record, with the padding that decoding needs.
struct LetterBytes {
  std::string key;
  std::string value;
};

stream::InputRecord record_of(const StreamLetter& letter, const LetterBytes& bytes) {
  stream::InputRecord record{.partition = letter.partition,
                             .offset = letter.offset,
                             .timestamp_ms = letter.timestamp_ms,
                             .key = std::nullopt,
                             .value = std::nullopt};
  if (letter.key) record.key = std::string_view(bytes.key);
  if (letter.value) {
    record.value = std::string_view(bytes.value).substr(0, letter.value->size());
  }
  return record;
}

std::shared_ptr<LetterBytes> bytes_of(const StreamLetter& letter) {
  auto bytes = std::make_shared<LetterBytes>();
  bytes->key = letter.key.value_or("");
  bytes->value = letter.value.value_or("");
  bytes->value.append(log::FetchedRecords::kReadablePadding, '\0');
  return bytes;
}

EpochInput epoch_of(const StreamLetter& letter, SchemaVersion schema) {
  return {.from = {{letter.partition, letter.offset}},
          .to = {{letter.partition, letter.offset + 1}},
          .schema = std::move(schema),
          .records = {},
          .kept = {}};
}

void add_place(EpochInput& input, const StreamLetter& letter) {
  input.records.push_back({.partition = letter.partition,
                           .offset = letter.offset,
                           .timestamp_ms = letter.timestamp_ms});
  input.kept[kLetter] = {.key = letter.key, .value = letter.value};
}

}  // namespace

Result<RedriveOutcome> StreamRunner::redrive(const std::vector<StreamLetter>& letters) {
  drop_ahead();  // it may be of an older schema than the letters need
  RedriveOutcome outcome;
  for (const auto& letter : letters) {
    LEAT_ASSIGN(const bool done,
                letter.sink.empty() ? redrive_record(letter) : redrive_row(letter));
    done ? ++outcome.redriven : ++outcome.failed_again;
    publish();
  }
  return outcome;
}

// The letter's record, then the later ones that may have its key.
Result<RecordSlice> StreamRunner::letter_and_later(const StreamLetter& letter) {
  const auto bytes = bytes_of(letter);
  RecordSlice records{.records = {record_of(letter, *bytes)}, .memory = {bytes}};
  const auto position = progress_.offsets.find(letter.partition);
  if (!keyed_ || position == progress_.offsets.end() || letter.offset + 1 >= position->second) {
    return records;
  }
  LEAT_TRY(preparer_->read(
      {{letter.partition, letter.offset + 1}}, {{letter.partition, position->second}},
      [&](EpochInput&, const RecordSlice& slice) -> Result<bool> {
        const size_t before = records.records.size();
        for (const auto& later : slice.records) {
          // Where a row's key is not the record's, any later record may have
          // written the row.
          const bool may_have_its_key = !keys_agree_ || !letter.key || later.key == letter.key;
          if (may_have_its_key) records.records.push_back(later);
        }
        if (records.records.size() == before) return true;
        for (const auto& owner : slice.memory) records.memory.push_back(owner);
        return true;
      }));
  return records;
}

Result<void> StreamRunner::keep_letter(StreamLetter letter, const std::string& error) {
  letter.error = error;
  letter.at = context_.clock.now();
  return state_.replace_letter(letter);
}

Result<bool> StreamRunner::redrive_record(const StreamLetter& letter) {
  const Micros now = context_.clock.now();
  LEAT_ASSIGN(const auto records, letter_and_later(letter));
  EpochInput alone = epoch_of(letter, context_.schemas.latest(query_.topic()));
  EpochInput with_later = alone;
  LEAT_ASSIGN(auto all, preparer_->execute(with_later, records, now));
  if (const auto* failed = failure_of_letter(all)) {
    LEAT_TRY(keep_letter(letter, failed->message));
    return false;
  }
  alone.schema = with_later.schema;
  LEAT_ASSIGN(auto own,
              preparer_->execute(alone, {.records = {records.records.front()}, .memory = {}}, now));
  add_place(alone, letter);

  StreamProgress next = progress_;
  next.epoch += 1;
  next.write_time = std::max(now, next.write_time + 1);
  next.counts.dead_lettered -= 1;
  next.counts.used += static_cast<int64_t>(own.used);
  next.counts.filtered += static_cast<int64_t>(own.filtered);

  std::vector<OutboxEntry> outbox;
  const auto written = commit(std::move(next), [&](StreamProgress& committed) -> Result<bool> {
    for (auto& table : tables_) {
      auto& rows = table.keyed ? all.rows : own.rows;
      if (!rows.columns.empty()) LEAT_TRY(table.writer->prepare(rows.columns));
      table.prepared.clear();
      const auto emitted = static_cast<int64_t>(own.rows.row_count() + own.rows.deletes.size());
      sink::Delivery refused_of_letter;
      if (rows.row_count() + rows.deletes.size() > 0) {
        LEAT_ASSIGN(const auto delivery, table.writer->write(rows));
        for (const auto& refused : delivery.refused) {
          const uint32_t record = (refused.kind == sink::RefusedKind::kDelete)
                                      ? rows.deletes[refused.row].input
                                      : rows.inputs[refused.row];
          if (record == kLetter) refused_of_letter.refused.push_back(refused);
        }
      }
      auto& counts = committed.sinks[table.name];
      const auto refused = static_cast<int64_t>(refused_of_letter.refused.size());
      counts.emitted += emitted;
      counts.dead_lettered += refused;
      counts.delivered += emitted - refused;
      LEAT_TRY(add_refused_letters(table.name, alone, rows, refused_of_letter, now));
    }
    for (const auto& target : outside_) {
      const auto emitted = static_cast<int64_t>(own.rows.row_count() + own.rows.deletes.size());
      if (emitted == 0) continue;
      committed.sinks[target.name].emitted += emitted;
      outbox.push_back(outbox_entry(alone, committed, now, target.name));
      LEAT_TRY(state_.add_outbox(stream_.name, outbox.back()));
    }
    LEAT_TRY(state_.remove_letter(letter));
    return true;
  });
  if (!written.ok()) return written.error();
  if (context_.after_epoch) context_.after_epoch();
  for (const auto& entry : outbox) {
    for (auto& target : outside_) {
      if (target.name == entry.sink) LEAT_TRY(deliver(target, entry, alone, own.rows));
    }
  }
  return true;
}

Result<bool> StreamRunner::redrive_row(const StreamLetter& letter) {
  const Micros now = context_.clock.now();
  TableTarget* table = nullptr;
  for (auto& candidate : tables_) {
    if (candidate.name == letter.sink) table = &candidate;
  }
  const bool outside = std::any_of(outside_.begin(), outside_.end(),
                                   [&](const auto& target) { return target.name == letter.sink; });
  if (outside) {
    // Outside systems refuse a row for what it is (a delete, in a directory of files), and would
    // do so again.
    LEAT_TRY(keep_letter(letter, letter.error));
    return false;
  }
  if (table == nullptr) {
    LEAT_TRY(keep_letter(letter, "the pipeline file no longer names the target " + letter.sink));
    return false;
  }
  LEAT_ASSIGN(const auto records, letter_and_later(letter));
  EpochInput input = epoch_of(letter, context_.schemas.latest(query_.topic()));
  LEAT_ASSIGN(auto result, preparer_->execute(input, records, now));
  if (const auto* failed = failure_of_letter(result)) {
    LEAT_TRY(keep_letter(letter, failed->message));
    return false;
  }

  StreamProgress next = progress_;
  next.epoch += 1;
  next.write_time = std::max(now, next.write_time + 1);
  auto& counts = next.sinks[table->name];
  counts.dead_lettered -= 1;
  counts.delivered += 1;
  std::optional<std::string> refusal;
  const auto written = commit(std::move(next), [&](StreamProgress&) -> Result<bool> {
    const auto& rows = result.rows;
    if (!rows.columns.empty()) LEAT_TRY(table->writer->prepare(rows.columns));
    table->prepared.clear();
    LEAT_ASSIGN(const auto delivery, table->writer->write(rows));
    for (const auto& refused : delivery.refused) {
      if (is_refusal_of(letter, refused, rows)) refusal = refused.message;
    }
    if (refusal) return false;
    LEAT_TRY(state_.remove_letter(letter));
    return true;
  });
  if (!written.ok()) return written.error();
  if (refusal) {
    LEAT_TRY(keep_letter(letter, *refusal));
    return false;
  }
  return true;
}

}  // namespace leat::pipeline
