#include "pipeline/epoch/epoch_preparer.h"

#include <algorithm>
#include <utility>

#include "codec/record_format.h"
#include "stream/execute/number_router.h"

namespace leat::pipeline {
namespace {

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

std::string unbindable(const Error& error) {
  return fmt::format(
      "the query cannot be bound with this record: {}; cast the field in the query (field::TYPE), "
      "or declare its type in `schema:`",
      error.message());
}

}  // namespace

EpochPreparer::EpochPreparer(const config::Stream& stream, stream::Query query,
                             const PreparerContext& context,
                             std::unique_ptr<store::Connection> connection)
    : stream_(stream),
      query_(std::move(query)),
      context_(context),
      connection_(std::move(connection)),
      reader_(context_.topics, query_.topic(), stream_.on_corrupt == config::OnCorrupt::kSkip),
      current_{nullptr, internal_error("not planned")} {}

Result<PreparedEpoch> EpochPreparer::next(const Offsets& at, const Offsets* until, BoundTypes types,
                                          Micros now) {
  PreparedEpoch epoch{.input = {}, .result = {}, .now = now, .warnings = {}};
  LEAT_ASSIGN(epoch.input, reader_.next(at, context_.limits, until, std::move(types),
                                        [&](EpochInput& input, const RecordSlice& slice) {
                                          return take(input, slice, now);
                                        }));
  if (epoch.input.records.empty()) return epoch;
  LEAT_ASSIGN(epoch.result, finish_batch());
  if (current_.plan.ok()) epoch.warnings = current_.plan->warnings;
  std::vector<uint32_t> failed;
  for (const auto& record : epoch.result.failed) failed.push_back(record.input);
  LEAT_TRY(reader_.keep(epoch.input, failed));
  return epoch;
}

Result<PreparedEpoch> EpochPreparer::range(const Offsets& from, const Offsets& to, BoundTypes types,
                                           Micros now) {
  PreparedEpoch epoch{.input = {}, .result = {}, .now = now, .warnings = {}};
  LEAT_ASSIGN(epoch.input, reader_.range(from, to, std::move(types),
                                         [&](EpochInput& input, const RecordSlice& slice) {
                                           return take_with_given_types(input, slice, now);
                                         }));
  LEAT_ASSIGN(epoch.result, finish_batch());
  return epoch;
}

// Each record that needs other types has all of them computed with these from the start.
Result<stream::BatchResult> EpochPreparer::execute(EpochInput& input, const RecordSlice& records,
                                                   Micros now) {
  const std::span all(records.records);
  LEAT_TRY(begin_batch(input.types, now));
  for (size_t done = 0; done < all.size();) {
    const auto misfit = add(all.subspan(done), stream::Misfit::kReport);
    if (!misfit) break;
    done += misfit->added;
    const auto record = all.subspan(done, 1);
    LEAT_TRY(see_topic(input, {.records = {record.front()}, .memory = {}}));
    auto judged = judge(input.types, record, misfit->message, false);
    if (judged.types == nullptr) {
      fail(std::move(judged.letter));
      ++done;
    } else {
      input.types = std::move(judged.types);
      LEAT_TRY(begin_batch(input.types, now));
      done = 0;
    }
  }
  return finish_batch();
}

Result<void> EpochPreparer::read(const Offsets& from, const Offsets& to,
                                 const EpochReader::Take& take) {
  LEAT_TRY(reader_.range(from, to, {}, take));
  return {};
}

Result<void> EpochPreparer::keep(EpochInput& input, std::span<const uint32_t> indexes) const {
  return reader_.keep(input, indexes);
}

BoundTypes EpochPreparer::fitted(const BoundTypes& types) {
  const Planned& made = planned(types);
  if (!made.plan.ok()) return types;
  auto result = codec::fitted(*types, made.plan->projection);
  auto joined = result;
  if (!codec::join_types(joined, made.plan->projection, context_.rules)) result = std::move(joined);
  return std::make_shared<const codec::TopicSchema>(std::move(result));
}

void EpochPreparer::forget() {
  executor_.reset();  // it may hold a part of the epoch that failed
  current_.types.reset();
  tried_.reset();
}

const EpochPreparer::Planned& EpochPreparer::planned(const BoundTypes& types) {
  if (current_.types != nullptr && *current_.types == *types) return current_;
  if (!tried_ || *tried_->types != *types) {
    tried_ = Planned{types, stream::plan(query_, *types, *connection_, stream::Unseen::kNull)};
  }
  return *tried_;
}

Result<void> EpochPreparer::begin_batch(const BoundTypes& types, Micros now) {
  if (current_.types == nullptr || *current_.types != *types) {
    Planned next = planned(types);
    executor_.reset();  // it refers to the plan
    tried_.reset();
    current_ = std::move(next);
    if (current_.plan.ok()) {
      LEAT_ASSIGN(executor_, stream::NumberRouter::create(query_, *types, *current_.plan,
                                                          context_.rules, *connection_));
    }
  }
  unbound_ = {};
  unbound_records_ = 0;
  if (!executor_) return {};
  executor_->begin({.now = now,
                    .null_on_error = stream_.on_error == config::OnError::kNull,
                    .keyed = context_.keyed});
  return {};
}

// Without a plan, what has no value is passed over, and every other record is a misfit.
std::optional<stream::Misfitting> EpochPreparer::add(std::span<const stream::InputRecord> records,
                                                     stream::Misfit misfit) {
  if (executor_) return executor_->add(records, misfit);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!records[i].value) {
      ++unbound_records_;
      ++unbound_.filtered;
    } else if (misfit == stream::Misfit::kReport) {
      return stream::Misfitting{.added = i, .message = unbindable(current_.plan.error())};
    } else {
      fail(unbindable(current_.plan.error()));
    }
  }
  return std::nullopt;
}

void EpochPreparer::fail(std::string message) {
  if (executor_) return executor_->fail(std::move(message));
  unbound_.failed.push_back({unbound_records_++, "decode", std::move(message)});
}

// Which fields of a record the query uses, and how, is known once it is bound with them: so the
// record is taken in twice. What is only passed on may be taken from the records behind it as well:
// those in between give the same with the wider types.
EpochPreparer::Misfit EpochPreparer::judge(const BoundTypes& types,
                                           std::span<const stream::InputRecord> records,
                                           const std::string& found, bool look_ahead) {
  const auto bind = [&](codec::TopicSchema& bound, const codec::Projection* projection,
                        const stream::InputRecord& record) {
    return codec::default_format().bind(bound, projection, context_.rules, *record.value, nullptr);
  };
  codec::TopicSchema all = *types;
  auto outcome = bind(all, current_.plan.ok() ? &current_.plan->projection : nullptr, records[0]);
  if (outcome.binding == codec::Binding::kRefused) return {nullptr, std::move(outcome.message)};
  if (outcome.binding == codec::Binding::kNone) return {nullptr, found};
  if (current_.plan.ok()) {
    auto refusal = codec::join_types(all, current_.plan->projection, context_.rules);
    if (refusal) return {nullptr, std::move(*refusal)};
  }
  const auto& with_all = planned(std::make_shared<const codec::TopicSchema>(std::move(all)));
  if (!with_all.plan.ok()) return {nullptr, unbindable(with_all.plan.error())};

  const codec::Projection projection = with_all.plan->projection;
  codec::TopicSchema used = *types;
  outcome = bind(used, &projection, records[0]);
  if (outcome.binding == codec::Binding::kRefused) return {nullptr, std::move(outcome.message)};
  if (auto refusal = codec::join_types(used, projection, context_.rules)) {
    return {nullptr, std::move(*refusal)};
  }
  codec::TopicSchema wider = used;
  for (size_t i = 1; look_ahead && i < records.size(); ++i) {
    if (!records[i].value) continue;
    codec::TopicSchema with_record = wider;
    const auto binding = bind(with_record, &projection, records[i]).binding;
    if (binding == codec::Binding::kBound) break;
    if (binding != codec::Binding::kWider) continue;
    codec::TopicSchema joined = with_record;
    if (codec::join_types(joined, projection, context_.rules) || joined != with_record) break;
    wider = std::move(with_record);
  }
  for (const auto* candidate : {&wider, &used}) {
    auto next = std::make_shared<const codec::TopicSchema>(only_projected(*candidate, projection));
    if (*next == *types) return {nullptr, found};
    const auto& made = planned(next);
    if (made.plan.ok()) return {made.types, {}};
    if (candidate == &used || used == wider) return {nullptr, unbindable(made.plan.error())};
  }
  return {nullptr, found};
}

// What is known of the topic, for people.
Result<void> EpochPreparer::see_topic(const EpochInput& input, const RecordSlice& slice) {
  const bool known = context_.schemas.latest(query_.topic()).version > 0;
  if (known && context_.rules.strict) return {};
  LEAT_TRY(context_.schemas.evolve(query_.topic(), input.from, slice.values()));
  return {};
}

size_t EpochPreparer::failed_count() const {
  return executor_ ? executor_->failed().size() : unbound_.failed.size();
}

void EpochPreparer::keep_failed(EpochInput& input, const RecordSlice& slice, size_t from) const {
  const auto& failed = executor_ ? executor_->failed() : unbound_.failed;
  const auto before = static_cast<uint32_t>(input.records.size());
  for (; from < failed.size(); ++from) {
    input.keep(failed[from].input, slice.records[failed[from].input - before]);
  }
}

Result<size_t> EpochPreparer::take(EpochInput& input, const RecordSlice& slice, Micros now) {
  const std::span all(slice.records);
  const bool first = input.records.empty();
  bool seen = false;
  if (first) {
    LEAT_TRY(begin_batch(input.types, now));
    seen = context_.schemas.latest(query_.topic()).version == 0;
    if (seen) LEAT_TRY(see_topic(input, slice));
  }
  const size_t failed = failed_count();
  size_t done = 0;
  while (const auto misfit = add(all.subspan(done), stream::Misfit::kReport)) {
    if (!std::exchange(seen, true)) LEAT_TRY(see_topic(input, slice));
    done += misfit->added;
    const bool nothing_before = first && done == 0;
    auto judged = judge(input.types, all.subspan(done), misfit->message, nothing_before);
    if (judged.types == nullptr) {
      fail(std::move(judged.letter));
      ++done;
    } else if (nothing_before) {
      input.types = std::move(judged.types);
      LEAT_TRY(begin_batch(input.types, now));
    } else {
      keep_failed(input, slice, failed);
      return done;
    }
  }
  keep_failed(input, slice, failed);
  return all.size();
}

Result<size_t> EpochPreparer::take_with_given_types(EpochInput& input, const RecordSlice& slice,
                                                    Micros now) {
  if (input.records.empty()) LEAT_TRY(begin_batch(input.types, now));
  add(slice.records, stream::Misfit::kDeadLetter);
  return slice.records.size();
}

Result<stream::BatchResult> EpochPreparer::finish_batch() {
  if (!executor_) return std::exchange(unbound_, {});
  LEAT_ASSIGN(auto result, executor_->finish());
  refuse_rows_without_columns(result);
  return result;
}

}  // namespace leat::pipeline
