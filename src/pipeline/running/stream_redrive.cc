// StreamRunner: dead letters run again, or discarded.
#include <algorithm>
#include <utility>

#include "pipeline/epoch/letter_batch.h"
#include "pipeline/epoch/stream_discard.h"
#include "pipeline/running/stream_runner.h"

namespace leat::pipeline {
namespace {

int64_t emitted_by(const store::RowBatch& rows) {
  return static_cast<int64_t>(rows.row_count() + rows.deletes.size());
}

// By input, how many rows and deletes are of it.
std::vector<int64_t> emitted_by_input(const store::RowBatch& rows, size_t inputs) {
  std::vector<int64_t> emitted(inputs);
  for (const uint32_t input : rows.inputs) ++emitted[input];
  for (const auto& removed : rows.deletes) ++emitted[removed.input];
  return emitted;
}

// A row that a table refused: the record that it is of, and its number among that one's rows.
struct RefusedPlace {
  uint32_t input = 0;
  int64_t row = 0;
  bool is_delete = false;
};

RefusedPlace place_of(const sink::RefusedRow& refused, const store::RowBatch& rows) {
  if (refused.kind == sink::RefusedKind::kDelete) {
    return {.input = rows.deletes[refused.row].input, .row = 0, .is_delete = true};
  }
  const uint32_t input = rows.inputs[refused.row];
  const auto first = std::lower_bound(rows.inputs.begin(), rows.inputs.end(), input);
  return {.input = input, .row = refused.row - (first - rows.inputs.begin())};
}

}  // namespace

// Letters on their way through one transaction.
struct StreamRunner::RunAgain {
  LetterBatch letters;
  Micros now = 0;
  EpochInput own_input = {};  // of what targets without a key get
  stream::BatchResult own = {};
  stream::BatchResult keyed = {};
  bool removed = false;                    // rows have left a table
  std::vector<StreamLetter> refused = {};  // rows of theirs, letters of their own now
  std::vector<OutboxEntry> outbox = {};
};

Result<StreamRunner::Redriven> StreamRunner::redrive(const LetterFilter& filter,
                                                     const std::optional<StreamLetter>& after) {
  LEAT_TRY(deliver_left_over());
  drop_ahead();  // it may be of an older schema than the letters need
  LetterLimits limits = context_.letters;
  limits.letters = redriven_at_once_;
  while (true) {
    auto done = redrive_once(filter, after, limits);
    publish();
    if (done.ok()) {
      redriven_at_once_ = std::min(limits.letters * 2, context_.letters.letters);
      return done;
    }
    preparer_->forget();
    // What cannot be run at all may be one letter's fault, which its neighbours need not share.
    if (done.error().domain() != ErrorDomain::kUser) return done;
    if (limits.letters == 1) return keep_letter(filter, after, done.error());
    limits.letters /= 2;
    redriven_at_once_ = limits.letters;
  }
}

Result<StreamRunner::Redriven> StreamRunner::keep_letter(const LetterFilter& filter,
                                                         const std::optional<StreamLetter>& after,
                                                         const Error& error) {
  Redriven redriven;
  const auto written = commit(progress_, types_, [&](StreamProgress&) -> Result<bool> {
    LEAT_ASSIGN(auto letters, letters_.select(filter, after, {.letters = 1}));
    if (letters.empty()) return false;
    redriven = {.outcome = {.failed_again = 1}, .last = letters.front()};
    letters.front().error = error.message();
    letters.front().at = context_.clock.now();
    LEAT_TRY(letters_.replace(letters));
    return true;
  });
  if (!written.ok()) return Error(written.error());
  return redriven;
}

Result<StreamRunner::Redriven> StreamRunner::redrive_once(const LetterFilter& filter,
                                                          const std::optional<StreamLetter>& after,
                                                          const LetterLimits& limits) {
  StreamProgress next = progress_;
  std::optional<RunAgain> again;
  Redriven redriven;
  BoundTypes types = types_;
  const auto written =
      commit(std::move(next), types, [&](StreamProgress& committed) -> Result<bool> {
        LEAT_ASSIGN(auto letters, letters_.select(filter, after, limits));
        if (letters.empty()) return false;
        again.emplace(
            RunAgain{.letters = LetterBatch(std::move(letters)), .now = context_.clock.now()});
        committed.epoch += 1;
        committed.write_time = std::max(again->now, committed.write_time + 1);
        auto& batch = again->letters;
        for (size_t i = 0; i < batch.letters().size(); ++i) {
          LEAT_ASSIGN(const auto problem, obstacle(batch.letters()[i]));
          if (problem) batch.fail(i, *problem);
        }
        LEAT_TRY(execute_letters(*again, types));
        LEAT_TRY(write_letter_rows(*again, committed));
        LEAT_TRY(count_letters(*again, committed));
        const auto succeeded = batch.succeeded();
        const auto failed = batch.failed_again(again->now);
        LEAT_TRY(letters_.remove(succeeded));
        LEAT_TRY(letters_.replace(failed));
        LEAT_TRY(letters_.add(again->refused));
        redriven.outcome = {.redriven = static_cast<int>(succeeded.size()),
                            .failed_again = static_cast<int>(failed.size())};
        redriven.last = batch.letters().back();
        return true;
      });
  if (!written.ok()) return Error(written.error());
  if (!*written) return redriven;
  if (!tables_.empty()) {
    pace_.committed(again->own.rows.row_count(), again->removed, connection_->wal_bytes());
  }
  if (context_.after_epoch) context_.after_epoch();
  for (const auto& entry : again->outbox) {
    for (auto& target : outside_) {
      if (target.name != entry.sink) continue;
      LEAT_TRY(deliver(target, entry, again->own_input, again->own.rows));
    }
  }
  return redriven;
}

Result<std::optional<std::string>> StreamRunner::obstacle(const StreamLetter& letter) const {
  std::optional<std::string> problem;
  if (letter.topic != query_.topic()) {
    problem = fmt::format("it is of the topic {}, and the stream reads {} now", letter.topic,
                          query_.topic());
    return problem;
  }
  const auto is_its_target = [&](const auto& target) { return target.name == letter.sink; };
  if (!letter.sink.empty() && std::ranges::none_of(tables_, is_its_target)) {
    // Outside systems refuse a row for what it is (a delete, in a directory of files), and would
    // do so again.
    problem = std::ranges::any_of(outside_, is_its_target)
                  ? letter.error
                  : "the pipeline file no longer names the target " + letter.sink;
    return problem;
  }
  const auto position = progress_.offsets.find(letter.partition);
  if (!keyed_ || position == progress_.offsets.end()) return problem;
  LEAT_ASSIGN(const auto kept, context_.topics.reader().offsets({letter.topic, letter.partition}));
  if (letter.offset + 1 < std::min(kept.start, position->second)) {
    problem = fmt::format(
        "records that came after it are gone from the topic (it begins at {}-{}@{} now), and one "
        "of them may have written its row: produce it again, or discard it",
        letter.topic, letter.partition, kept.start);
  }
  return problem;
}

// But for those that never came to the tables.
Result<RecordSlice> StreamRunner::later_records(const LetterBatch& batch) {
  RecordSlice found;
  Offsets from;
  Offsets to;
  auto parts = batch.later(keys_agree_);
  for (const auto& [partition, part] : parts) {
    const auto position = progress_.offsets.find(partition);
    if (position == progress_.offsets.end() || part.from >= position->second) continue;
    from[partition] = part.from;
    to[partition] = position->second;
  }
  if (from.empty()) return found;
  LEAT_TRY(preparer_->read(from, to, [&](EpochInput&, const RecordSlice& slice) -> Result<size_t> {
    const size_t before = found.records.size();
    for (const auto& record : slice.records) {
      if (parts.at(record.partition).takes(record)) found.records.push_back(record);
    }
    if (found.records.size() > before) {
      for (const auto& owner : slice.memory) found.memory.push_back(owner);
    }
    return slice.records.size();
  }));
  if (found.records.empty()) return found;
  LEAT_ASSIGN(const auto left_out, letters_.records_left_out(stream_.name, query_.topic()));
  std::erase_if(found.records, [&](const auto& record) {
    return left_out.contains({record.partition, record.offset});
  });
  return found;
}

// `types`: with which all of them are computed; letters may change them.
Result<void> StreamRunner::execute_letters(RunAgain& again, BoundTypes& types) {
  auto& batch = again.letters;
  // Without a later record that fails its older rows would come back: so once more, without the
  // letters that failed with it, also those that failed for themselves.
  for (bool once_more = keyed_; once_more;) {
    const size_t open = batch.open();
    bool later_failed = false;
    LEAT_ASSIGN(const auto later, later_records(batch));
    const auto records = batch.keyed_records(later);
    again.keyed = {};
    if (records.records.empty()) break;
    EpochInput input{.from = batch.from(), .types = types};
    LEAT_ASSIGN(again.keyed, preparer_->execute(input, records, again.now));
    types = input.types;
    for (const auto& failed : again.keyed.failed) {
      const auto& letters = batch.keyed_letters(failed.input);
      for (const size_t letter : letters) batch.fail(letter, failed.message);
      if (!letters.empty()) continue;
      later_failed = true;
      batch.fail_before(failed.input, query_.topic(), failed.message, keys_agree_);
    }
    once_more = later_failed && batch.open() < open;
  }
  const auto records = batch.own_records();
  if (records.records.empty()) return {};
  again.own_input = {.from = batch.from(), .types = types};
  LEAT_ASSIGN(again.own, preparer_->execute(again.own_input, records, again.now));
  types = again.own_input.types;
  batch.add_own_places(again.own_input);
  for (const auto& failed : again.own.failed) {
    batch.fail(batch.own_letter(failed.input), failed.message);
  }
  return {};
}

Result<void> StreamRunner::write_letter_rows(RunAgain& again, StreamProgress& next) {
  auto& batch = again.letters;
  const auto& letters = batch.letters();
  for (auto& table : tables_) {
    // A table that is only appended to has no part in deletes, which another target asked for.
    const auto emitted =
        table.keyed ? emitted_by(again.own.rows) : static_cast<int64_t>(again.own.rows.row_count());
    const auto& rows = table.keyed ? again.keyed.rows : again.own.rows;
    sink::TableDelivery delivery;
    if (lacks_key(table, rows)) {
      delivery.refused = rows_without_key(table, rows);
    } else if (!rows.columns.empty()) {
      LEAT_TRY(table.writer->prepare(rows.columns));
      table.prepared.clear();
      if (emitted_by(rows) > 0) {
        LEAT_ASSIGN(delivery, table.writer->write(rows));
      }
    }
    again.removed = again.removed || delivery.removed > 0;
    auto& counts = next.sinks[table.name];
    const int64_t delivered_before = counts.delivered;
    counts.emitted += emitted;
    counts.delivered += emitted;
    for (const auto& refused : delivery.refused) {
      const auto place = place_of(refused, rows);
      const auto of = table.keyed ? batch.keyed_letters(place.input)
                                  : std::vector<size_t>{batch.own_letter(place.input)};
      for (const size_t index : of) {
        if (batch.failed(index)) continue;
        if (letters[index].sink == table.name &&
            (place.is_delete || letters[index].row == place.row)) {
          batch.fail(index, refused.message);
        } else if (letters[index].sink.empty()) {
          again.refused.push_back(letters[index]);
          auto& letter = again.refused.back();
          letter.sink = table.name;
          letter.row = place.row;
          letter.stage = "sink";
          letter.error = refused.message;
          letter.at = again.now;
          counts.dead_lettered += 1;
          counts.delivered -= 1;
        }
      }
    }
    for (size_t i = 0; i < letters.size(); ++i) {
      if (letters[i].sink != table.name || batch.failed(i)) continue;
      counts.dead_lettered -= 1;
      counts.delivered += 1;
    }
    counts.replaced += counts.delivered - delivered_before - delivery.growth();
  }
  return {};
}

// And puts their rows into the outbox, where there are outside targets.
Result<void> StreamRunner::count_letters(RunAgain& again, StreamProgress& next) {
  auto& batch = again.letters;
  const auto& rows = again.own.rows;
  const auto emitted = emitted_by_input(rows, again.own_input.records.size());
  std::vector<StreamLetter> with_rows;
  for (uint32_t input = 0; input < emitted.size(); ++input) {
    const size_t index = batch.own_letter(input);
    if (batch.failed(index)) continue;
    next.counts.dead_lettered -= 1;
    (emitted[input] > 0 ? next.counts.used : next.counts.filtered) += 1;
    if (emitted[input] > 0) with_rows.push_back(batch.letters()[index]);
  }
  if (with_rows.empty() || outside_.empty()) return {};
  for (const auto& target : outside_) {
    next.sinks[target.name].emitted += emitted_by(rows);
    auto entry = outbox_entry(again.own_input, next, again.now, target.name);
    entry.from = entry.to = {};
    entry.redriven = true;
    LEAT_TRY(state_.add_outbox(stream_.name, entry));
    again.outbox.push_back(std::move(entry));
  }
  return letters_.keep_redriven(next.epoch, with_rows);
}

Result<void> StreamRunner::redeliver_letters(OutsideTarget& target, const OutboxEntry& entry,
                                             BoundTypes types, int attempts) {
  LEAT_ASSIGN(auto letters, letters_.redriven(stream_.name, entry.epoch));
  LetterBatch batch(std::move(letters));
  const auto records = batch.own_records();
  EpochInput input{.from = batch.from(), .types = std::move(types)};
  LEAT_ASSIGN(const auto result, preparer_->execute(input, records, entry.now));
  batch.add_own_places(input);
  return deliver(target, entry, input, result.rows, attempts);
}

Result<int64_t> StreamRunner::discard(const LetterFilter& filter, const std::string& because) {
  int64_t discarded = 0;
  const auto written = commit(progress_, types_, [&](StreamProgress& next) -> Result<bool> {
    LEAT_ASSIGN(const auto letters, letters_.discard(filter, because, context_.clock.now()));
    discarded = count_discarded(letters, next);
    return discarded > 0;
  });
  if (!written.ok()) return Error(written.error());
  publish();
  return discarded;
}

}  // namespace leat::pipeline
