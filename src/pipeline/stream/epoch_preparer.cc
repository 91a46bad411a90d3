#include "pipeline/stream/epoch_preparer.h"

#include <algorithm>
#include <utility>

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

}  // namespace

EpochPreparer::EpochPreparer(const config::Stream& stream, stream::Query query,
                             const PreparerContext& context,
                             std::unique_ptr<store::Connection> connection)
    : stream_(stream),
      query_(std::move(query)),
      context_(context),
      connection_(std::move(connection)),
      reader_(context_.topics, context_.schemas, query_.topic(),
              stream_.on_corrupt == config::OnCorrupt::kSkip) {}

Result<PreparedEpoch> EpochPreparer::next(const Offsets& at, const Offsets* until, Micros now) {
  PreparedEpoch epoch{.input = {}, .result = {}, .now = now, .warnings = {}};
  LEAT_ASSIGN(epoch.input, reader_.next(at, context_.limits, until,
                                        [&](EpochInput& input, const RecordSlice& slice) {
                                          return take(input, slice, now);
                                        }));
  if (epoch.input.records.empty()) return epoch;
  LEAT_ASSIGN(epoch.result, finish_batch());
  epoch.warnings = plan_.warnings;
  std::vector<uint32_t> failed;
  for (const auto& record : epoch.result.failed) failed.push_back(record.input);
  LEAT_TRY(reader_.keep(epoch.input, failed));
  return epoch;
}

Result<PreparedEpoch> EpochPreparer::range(const Offsets& from, const Offsets& to,
                                           SchemaVersion schema, Micros now) {
  PreparedEpoch epoch{.input = {}, .result = {}, .now = now, .warnings = {}};
  LEAT_ASSIGN(epoch.input, reader_.range(from, to, std::move(schema),
                                         [&](EpochInput& input, const RecordSlice& slice) {
                                           return take(input, slice, now);
                                         }));
  LEAT_ASSIGN(epoch.result, finish_batch());
  return epoch;
}

Result<stream::BatchResult> EpochPreparer::execute(EpochInput& input, const RecordSlice& records,
                                                   Micros now) {
  LEAT_TRY(take(input, records, now));
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

void EpochPreparer::forget() {
  executor_.reset();  // it may hold a part of the epoch that failed
  planned_version_ = -1;
}

Result<void> EpochPreparer::begin_batch(const SchemaVersion& schema, Micros now) {
  if (planned_version_ != schema.version) {
    LEAT_ASSIGN(auto plan, stream::plan(query_, schema.schema, *connection_));
    executor_.reset();  // it refers to plan_
    plan_ = std::move(plan);
    LEAT_ASSIGN(executor_, stream::Executor::create(plan_, *connection_));
    planned_version_ = schema.version;
  }
  executor_->begin({.now = now,
                    .null_on_error = stream_.on_error == config::OnError::kNull,
                    .keyed = context_.keyed});
  return {};
}

Result<bool> EpochPreparer::take(EpochInput& input, const RecordSlice& slice, Micros now) {
  const std::string& topic = query_.topic();
  const bool first = input.records.empty();
  if (first) {
    if (input.schema.version == 0) {
      LEAT_ASSIGN(input.schema, context_.schemas.evolve(topic, input.from, slice.values()));
    }
    LEAT_TRY(begin_batch(input.schema, now));
  }
  size_t failed = executor_->failed().size();
  auto misfit = context_.strict ? stream::Misfit::kDeadLetter : stream::Misfit::kReport;
  while (executor_->add(slice.records, misfit)) {
    codec::TopicSchema grown = input.schema.schema;
    if (!codec::infer(grown, slice.values())) {
      // No schema takes the record in: it is that record's dead letter.
      misfit = stream::Misfit::kDeadLetter;
      continue;
    }
    if (!first) return false;
    LEAT_ASSIGN(auto evolved, context_.schemas.evolve(topic, input.from, slice.values()));
    if (evolved.version == input.schema.version) misfit = stream::Misfit::kDeadLetter;
    input.schema = std::move(evolved);
    LEAT_TRY(begin_batch(input.schema, now));
    failed = 0;
  }
  const auto before = static_cast<uint32_t>(input.records.size());
  for (; failed < executor_->failed().size(); ++failed) {
    const uint32_t index = executor_->failed()[failed].input;
    input.keep(index, slice.records[index - before]);
  }
  return true;
}

Result<stream::BatchResult> EpochPreparer::finish_batch() {
  LEAT_ASSIGN(auto result, executor_->finish());
  refuse_rows_without_columns(result);
  return result;
}

}  // namespace leat::pipeline
