#include "pipeline/redrive/redrive.h"

#include <algorithm>
#include <utility>

#include "pipeline/redrive/letter_batch.h"
#include "pipeline/redrive/stream_discard.h"

namespace leat::pipeline {
namespace {

// By input, how many rows and deletes are of it.
std::vector<int64_t> emitted_by_input(const store::RowBatch& rows, size_t inputs) {
  std::vector<int64_t> emitted(inputs);
  for (const uint32_t input : rows.inputs) ++emitted[input];
  for (const auto& removed : rows.deletes) ++emitted[removed.input];
  return emitted;
}

int64_t bytes_of(const StreamLetter& letter) {
  return static_cast<int64_t>(letter.key.value_or("").size() + letter.value.value_or("").size());
}

// Letters whose rows go out together: they failed in one epoch.
struct OutsideGroup {
  std::vector<StreamLetter> letters;
  int64_t rows = 0;                         // of those that are of whole records
  std::map<std::string, int64_t> of_sinks;  // how many are rows that this target refused
};

}  // namespace

// Letters on their way through one transaction.
struct Redrive::Again {
  LetterBatch letters;
  Micros now = 0;
  EpochInput own_input = {};  // of what targets without a key get
  stream::BatchResult own = {};
  stream::BatchResult keyed = {};
  std::map<Micros, OutsideGroup> groups = {};  // by the write time of their epoch
  std::vector<StreamLetter> refused = {};      // rows of theirs, letters of their own now
  Written written = {};
};

Redrive::Redrive(const StreamParts& parts, LetterLimits limits)
    : parts_(parts), limits_(limits), at_once_(limits.letters) {}

Result<Redriven> Redrive::next(const LetterFilter& filter,
                               const std::optional<StreamLetter>& after) {
  LetterLimits limits = limits_;
  limits.letters = at_once_;
  while (true) {
    auto done = once(filter, after, limits);
    if (done.ok()) {
      at_once_ = std::min(limits.letters * 2, limits_.letters);
      return done;
    }
    parts_.preparer.forget();
    parts_.tables.forget_prepared();
    // What cannot be run at all may be one letter's fault, which its neighbours need not share.
    if (done.error().domain() != ErrorDomain::kUser) return done;
    if (limits.letters == 1) return keep_first(filter, after, done.error());
    limits.letters /= 2;
    at_once_ = limits.letters;
  }
}

// The first of these letters gets the error that it met again.
Result<Redriven> Redrive::keep_first(const LetterFilter& filter,
                                     const std::optional<StreamLetter>& after, const Error& error) {
  Redriven redriven;
  auto& state = parts_.state;
  const auto written =
      state.commit(state.progress(), state.types(), [&](StreamProgress&) -> Result<bool> {
        LEAT_ASSIGN(auto letters, state.letters().select(filter, after, {.letters = 1}));
        if (letters.empty()) return false;
        redriven.outcome = {.redriven = 0, .failed_again = 1};
        redriven.last = letters.front();
        letters.front().error = error.message();
        letters.front().at = parts_.clock.now();
        LEAT_TRY(state.letters().replace(letters));
        return true;
      });
  if (!written.ok()) return Error(written.error());
  return redriven;
}

Result<Redriven> Redrive::once(const LetterFilter& filter, const std::optional<StreamLetter>& after,
                               const LetterLimits& limits) {
  auto& state = parts_.state;
  std::optional<Again> again;
  Redriven redriven;
  BoundTypes types = state.types();
  const auto written =
      state.commit(state.progress(), types, [&](StreamProgress& next) -> Result<bool> {
        LEAT_ASSIGN(auto letters, state.letters().select(filter, after, limits));
        if (letters.empty()) return false;
        again.emplace(Again{.letters = LetterBatch(std::move(letters), parts_.outside),
                            .now = parts_.clock.now()});
        next.epoch += 1;
        next.write_time = std::max(again->now, next.write_time + 1);
        auto& batch = again->letters;
        for (size_t i = 0; i < batch.letters().size(); ++i) {
          LEAT_ASSIGN(const auto problem, obstacle(batch.letters()[i]));
          if (problem) batch.fail(i, *problem);
        }
        LEAT_TRY(execute(*again, types));
        LEAT_TRY(write_tables(*again, next));
        count_records(*again, next);
        LEAT_TRY(write_outbox(*again, types, next));
        const auto succeeded = batch.succeeded();
        const auto failed = batch.failed_again(again->now);
        LEAT_TRY(state.letters().remove(succeeded));
        LEAT_TRY(state.letters().replace(failed));
        LEAT_TRY(state.letters().add(again->refused));
        redriven.outcome = {.redriven = static_cast<int>(succeeded.size()),
                            .failed_again = static_cast<int>(failed.size())};
        redriven.last = batch.letters().back();
        return true;
      });
  if (!written.ok()) return Error(written.error());
  if (!*written) return redriven;
  redriven.written = std::move(again->written);
  redriven.written.appended = again->own.rows.row_count();
  return redriven;
}

// Why the letter cannot be run again, whatever its record is.
Result<std::optional<std::string>> Redrive::obstacle(const StreamLetter& letter) const {
  std::optional<std::string> problem;
  if (letter.topic != parts_.query.topic()) {
    problem = fmt::format("it is of the topic {}, and the stream reads {} now", letter.topic,
                          parts_.query.topic());
    return problem;
  }
  if (std::ranges::find(parts_.outside, letter.sink) != parts_.outside.end()) return problem;
  if (!letter.sink.empty() && std::ranges::none_of(parts_.tables.all(), [&](const auto& table) {
        return table.name == letter.sink;
      })) {
    problem = "the pipeline file no longer names the target " + letter.sink;
    return problem;
  }
  const auto& offsets = parts_.state.progress().offsets;
  const auto position = offsets.find(letter.partition);
  if (!parts_.keyed || position == offsets.end()) return problem;
  LEAT_ASSIGN(const auto kept, parts_.topics.offsets({letter.topic, letter.partition}));
  if (letter.offset + 1 < std::min(kept.start, position->second)) {
    problem = fmt::format(
        "records that came after it are gone from the topic (it begins at {}-{}@{} now), and one "
        "of them may have written its row: produce it again, or discard it",
        letter.topic, letter.partition, kept.start);
  }
  return problem;
}

// But for those that never came to the tables.
Result<RecordSlice> Redrive::later_records(const LetterBatch& batch) {
  RecordSlice found;
  Offsets from;
  Offsets to;
  const auto& offsets = parts_.state.progress().offsets;
  auto parts = batch.later(parts_.keys_agree);
  for (const auto& [partition, part] : parts) {
    const auto position = offsets.find(partition);
    if (position == offsets.end() || part.from >= position->second) continue;
    from[partition] = part.from;
    to[partition] = position->second;
  }
  if (from.empty()) return found;
  LEAT_TRY(
      parts_.preparer.read(from, to, [&](EpochInput&, const RecordSlice& slice) -> Result<size_t> {
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
  LEAT_ASSIGN(const auto left_out,
              parts_.state.letters().records_left_out(parts_.stream.name, parts_.query.topic()));
  std::erase_if(found.records, [&](const auto& record) {
    return left_out.contains({record.partition, record.offset});
  });
  return found;
}

// `types`: with which all of them are computed; letters may change them.
Result<void> Redrive::execute(Again& again, BoundTypes& types) {
  auto& batch = again.letters;
  // Without a later record that fails its older rows would come back: so once more, without the
  // letters that failed with it, also those that failed for themselves.
  for (bool once_more = parts_.keyed; once_more;) {
    const size_t open = batch.open();
    bool later_failed = false;
    LEAT_ASSIGN(const auto later, later_records(batch));
    const auto records = batch.keyed_records(later);
    again.keyed = {};
    if (records.records.empty()) break;
    EpochInput input{.from = batch.from(), .types = types};
    LEAT_ASSIGN(again.keyed, parts_.preparer.execute(input, records, again.now));
    types = input.types;
    for (const auto& failed : again.keyed.failed) {
      const auto& letters = batch.keyed_letters(failed.input);
      for (const size_t letter : letters) batch.fail(letter, failed.message, failed.stage);
      if (!letters.empty()) continue;
      later_failed = true;
      batch.fail_before(failed.input, parts_.query.topic(), failed.message, parts_.keys_agree);
    }
    once_more = later_failed && batch.open() < open;
  }
  const auto records = batch.own_records();
  if (records.records.empty()) return {};
  again.own_input = {.from = batch.from(), .types = types};
  LEAT_ASSIGN(again.own, parts_.preparer.execute(again.own_input, records, again.now));
  types = again.own_input.types;
  batch.add_own_places(again.own_input);
  for (const auto& failed : again.own.failed) {
    batch.fail(batch.own_letter(failed.input), failed.message, failed.stage);
  }
  return {};
}

Result<void> Redrive::write_tables(Again& again, StreamProgress& next) {
  auto& batch = again.letters;
  const auto& letters = batch.letters();
  for (auto& table : parts_.tables.all()) {
    const int64_t emitted = table.emitted(again.own.rows);
    const auto& rows = table.keyed() ? again.keyed.rows : again.own.rows;
    LEAT_ASSIGN(const auto delivery, parts_.tables.write(table, rows));
    again.written.removed = again.written.removed || delivery.removed > 0;
    auto& counts = next.sinks[table.name];
    const int64_t delivered_before = counts.delivered;
    counts.emitted += emitted;
    counts.delivered += emitted;
    for (const auto& refused : delivery.refused) {
      const auto place = place_of(refused, rows);
      const auto of = table.keyed() ? batch.keyed_letters(place.input)
                                    : std::vector<size_t>{batch.own_letter(place.input)};
      for (const size_t index : of) {
        if (batch.failed(index)) continue;
        if (letters[index].sink == table.name &&
            (place.is_delete || letters[index].row == place.row)) {
          batch.fail(index, refused.message, "sink");
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

// And gathers what outside targets are to get.
void Redrive::count_records(Again& again, StreamProgress& next) {
  auto& batch = again.letters;
  const auto emitted = emitted_by_input(again.own.rows, again.own_input.records.size());
  for (uint32_t input = 0; input < emitted.size(); ++input) {
    const size_t index = batch.own_letter(input);
    if (batch.failed(index)) continue;
    next.counts.dead_lettered -= 1;
    (emitted[input] > 0 ? next.counts.used : next.counts.filtered) += 1;
    if (emitted[input] == 0 || parts_.outside.empty()) continue;
    auto& group = again.groups[batch.letters()[index].write_time];
    group.letters.push_back(batch.letters()[index]);
    group.rows += emitted[input];
  }
  for (size_t i = 0; i < batch.letters().size(); ++i) {
    if (!batch.is_outside(i) || batch.failed(i)) continue;
    const auto& letter = batch.letters()[i];
    auto& group = again.groups[letter.write_time];
    group.letters.push_back(letter);
    group.of_sinks[letter.sink] += 1;
    next.sinks[letter.sink].dead_lettered -= 1;
  }
}

Result<void> Redrive::write_outbox(Again& again, const BoundTypes& types, StreamProgress& next) {
  bool first = true;
  for (auto& [write_time, group] : again.groups) {
    // The transaction's own epoch is that of the first.
    if (!std::exchange(first, false)) next.epoch += 1;
    int64_t bytes = 0;
    for (const auto& letter : group.letters) bytes += bytes_of(letter);
    for (const auto& sink : parts_.outside) {
      const auto refused = group.of_sinks.find(sink);
      const int64_t rows = group.rows + (refused == group.of_sinks.end() ? 0 : refused->second);
      if (rows == 0) continue;
      next.sinks[sink].emitted += group.rows;
      again.written.outbox.push_back({.epoch = next.epoch,
                                      .from = {},
                                      .to = {},
                                      .redriven = true,
                                      .types = *types,
                                      .query_hash = parts_.query_hash,
                                      .now = again.now,
                                      .write_time = write_time,
                                      .sink = sink,
                                      .rows = rows,
                                      .bytes = bytes});
      LEAT_TRY(parts_.state.outbox().add(parts_.stream.name, again.written.outbox.back()));
    }
    LEAT_TRY(parts_.state.letters().keep_redriven(next.epoch, group.letters));
  }
  return {};
}

Result<int64_t> Redrive::discard(const LetterFilter& filter, const std::string& because) {
  int64_t discarded = 0;
  auto& state = parts_.state;
  const auto written =
      state.commit(state.progress(), state.types(), [&](StreamProgress& next) -> Result<bool> {
        LEAT_ASSIGN(const auto letters,
                    state.letters().discard(filter, because, parts_.clock.now()));
        discarded = count_discarded(letters, next);
        return discarded > 0;
      });
  if (!written.ok()) return Error(written.error());
  return discarded;
}

}  // namespace leat::pipeline
