#include "pipeline/running/stream_runner.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/logging.h"
#include "pipeline/epoch/stream_query.h"
#include "pipeline/position/offset_check.h"
#include "sink/store/table_layout.h"

namespace leat::pipeline {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

// FNV-1a: names a query text in an outbox entry; not a security measure.
std::string text_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace

StreamRunner::StreamRunner(const config::Stream& stream, StreamContext context,
                           std::unique_ptr<store::Connection> connection, stream::Query query)
    : stream_(stream),
      context_(std::move(context)),
      connection_(std::move(connection)),
      state_(*connection_),
      letters_(*connection_),
      query_(std::move(query)),
      query_hash_(text_hash(query_.sql())),
      letter_news_("stream " + stream.name, context_.clock),
      redriven_at_once_(context_.letters.letters) {}

StreamRunner::~StreamRunner() = default;

Result<std::unique_ptr<StreamRunner>> StreamRunner::open(const config::Stream& stream,
                                                         StreamContext context,
                                                         store::Database& database) {
  LEAT_ASSIGN(auto connection, database.connect());
  LEAT_ASSIGN(auto executing, database.connect());
  LEAT_ASSIGN(const auto sql, stream_sql(stream));
  LEAT_ASSIGN(auto query, stream::Query::parse(sql, *connection));
  std::unique_ptr<StreamRunner> runner(
      new StreamRunner(stream, std::move(context), std::move(connection), std::move(query)));
  LEAT_TRY(runner->state_.keep_plans());
  LEAT_ASSIGN(auto progress, runner->state_.load_progress(stream.name));
  if (progress) runner->progress_ = std::move(*progress);
  LEAT_TRY(runner->check_topic());
  LEAT_TRY(runner->make_targets());
  runner->preparer_ =
      std::make_unique<EpochPreparer>(stream, runner->query_,
                                      PreparerContext{.topics = runner->context_.topics.reader(),
                                                      .schemas = runner->context_.schemas,
                                                      .limits = runner->context_.limits,
                                                      .rules = runner->binding_rules(),
                                                      .keyed = runner->keyed_},
                                      std::move(executing));
  LEAT_TRY(runner->load_types());
  LEAT_TRY(runner->check_offsets());
  // A start waits for no target.
  if (auto delivered = runner->redeliver_outbox(1); !delivered.ok()) {
    if (delivered.error().retry() == Retry::kNo) return std::move(delivered).error();
    runner->left_over_ = true;
  }
  runner->publish();
  return runner;
}

// What was declared since then takes the place of what a record had first.
Result<void> StreamRunner::load_types() {
  LEAT_ASSIGN(auto bound, state_.load_types(stream_.name));
  if (began_anew_) bound = {};
  const auto declared = context_.schemas.latest(query_.topic()).declared;
  types_ = preparer_->fitted(
      std::make_shared<const codec::TopicSchema>(codec::declared_over(declared, bound)));
  return {};
}

codec::BindingRules StreamRunner::binding_rules() const {
  codec::BindingRules rules;
  rules.strict = context_.strict_topics.contains(query_.topic());
  rules.no_new_fields =
      rules.strict && !context_.schemas.latest(query_.topic()).declared.root.fields.empty();
  for (const auto& target : stream_.into) {
    if (target.key.empty() || target.mode == config::WriteMode::kAppend) continue;
    const auto fields = key_fields(stream_, target, query_);
    rules.all_are_keys |= fields.empty();
    rules.keys.insert(fields.begin(), fields.end());
  }
  return rules;
}

Result<void> StreamRunner::make_targets() {
  for (const auto& target : stream_.into) {
    const std::string name = target.label();
    progress_.sinks.try_emplace(name);
    if (target.is_table()) {
      LEAT_TRY(sink::make_schema(*connection_, target.name));
      LEAT_ASSIGN(auto key, key_columns(stream_, target));
      const bool keyed = !key.empty();
      keyed_ = keyed_ || keyed;
      if (keyed) {
        const auto fields = key_fields(stream_, target, query_);
        keys_agree_ = keys_agree_ && !fields.empty() &&
                      fields == sorted(context_.record_keys[query_.topic()]);
      }
      tables_.push_back(
          {.name = name,
           .keyed = keyed,
           .key = key,
           .writer = std::make_unique<sink::TableWriter>(*connection_, target.name, std::move(key)),
           .prepared = {}});
    } else {
      LEAT_ASSIGN(auto made, context_.make_sink(stream_, target));
      outside_.push_back({.name = name, .sink = std::move(made), .prepared = {}});
    }
  }
  return {};
}

// Offsets of one topic mean nothing in another.
Result<void> StreamRunner::check_topic() {
  if (!progress_.topic.empty() && progress_.topic != query_.topic()) {
    const Error error = user_error(
        "the stream {} has read the topic {} so far, and its query reads {} now: give it another "
        "name, or start it anew with --fresh",
        stream_.name, progress_.topic, query_.topic());
    if (!context_.fresh) return error;
    log_warn("{}; beginning anew as --fresh asks", error.message());
    progress_.offsets.clear();
    began_anew_ = true;
  }
  progress_.topic = query_.topic();
  return {};
}

Result<void> StreamRunner::check_offsets() {
  auto& log = context_.topics.reader();
  LEAT_ASSIGN(const int32_t partitions, log.partition_count(query_.topic()));
  std::map<int32_t, log::OffsetRange> ranges;
  for (int32_t partition = 0; partition < partitions; ++partition) {
    LEAT_ASSIGN(ranges[partition], log.offsets({query_.topic(), partition}));
  }
  auto usable = check_stored_offsets(stream_.name, query_.topic(), progress_.offsets, ranges);
  if (!usable.ok()) {
    if (!context_.fresh) return usable;
    log_warn("{}; beginning anew as --fresh asks", usable.error().message());
    progress_.offsets.clear();
    began_anew_ = true;
  }
  const bool latest = progress_.offsets.empty() && stream_.from == config::StartFrom::kLatest;
  for (const auto& [partition, range] : ranges) {
    progress_.offsets.try_emplace(partition, latest ? range.end : range.start);
  }
  return {};
}

// Those that were added since are read from their first record on, whatever `from` says: all that
// they hold came after the stream began.
Result<void> StreamRunner::begin_new_partitions() {
  auto& log = context_.topics.reader();
  LEAT_ASSIGN(const int32_t partitions, log.partition_count(query_.topic()));
  auto next = static_cast<int32_t>(progress_.offsets.size());
  for (; next < partitions; ++next) {
    LEAT_ASSIGN(const log::OffsetRange range, log.offsets({query_.topic(), next}));
    progress_.offsets.try_emplace(next, range.start);
  }
  return {};
}

Result<void> StreamRunner::redeliver_outbox(int attempts) {
  LEAT_ASSIGN(const auto entries, state_.load_outbox(stream_.name));
  std::vector<OutboxEntry> given_up;
  for (const auto& entry : entries) {
    const auto target = std::find_if(outside_.begin(), outside_.end(),
                                     [&](const auto& t) { return t.name == entry.sink; });
    const char* problem = nullptr;
    if (began_anew_) {
      problem = "its records are lost from the log; restore it";
    } else if (target == outside_.end()) {
      problem = "the pipeline file no longer names it; put it back for one run";
    } else if (entry.query_hash != query_hash_) {
      problem = "the query has changed since; put it back for one run";
    }
    if (problem != nullptr) {
      const Error error = user_error(
          "epoch {} of the stream {} still waits for the target {}, but {}, or start the "
          "stream anew with --fresh",
          entry.epoch, stream_.name, entry.sink, problem);
      if (!context_.fresh) return error;
      log_warn("{}; given up as --fresh asks", error.message());
      given_up.push_back(entry);
      continue;
    }
    const auto types = std::make_shared<const codec::TopicSchema>(entry.types);
    if (entry.redriven) {
      LEAT_TRY(redeliver_letters(*target, entry, types, attempts));
      continue;
    }
    LEAT_ASSIGN(auto epoch, preparer_->range(entry.from, entry.to, types, entry.now));
    LEAT_TRY(deliver(*target, entry, epoch.input, epoch.result.rows, attempts));
  }
  return given_up.empty() ? Result<void>() : give_up(given_up);
}

// REQUIRES: everything else in the outbox was delivered, so that what is pending is theirs.
Result<void> StreamRunner::give_up(const std::vector<OutboxEntry>& entries) {
  const auto written = commit(progress_, types_, [&](StreamProgress& next) -> Result<bool> {
    for (const auto& entry : entries) {
      auto& counts = next.sinks[entry.sink];
      counts.emitted -= counts.pending();
      LEAT_TRY(state_.remove_outbox(stream_.name, entry));
    }
    return true;
  });
  return written.ok() ? Result<void>() : written.error();
}

Result<void> StreamRunner::deliver_left_over() {
  if (!left_over_) return {};
  LEAT_TRY(redeliver_outbox(kDeliveryAttempts));
  left_over_ = false;
  return {};
}

Result<bool> StreamRunner::run_epoch(const Offsets* until) {
  LEAT_TRY(deliver_left_over());
  LEAT_TRY(begin_new_partitions());
  LEAT_ASSIGN(auto epoch, next_epoch(until));
  if (epoch.input.empty()) return false;
  prepare_ahead(epoch.input, until);
  if (auto settled = settle(epoch); !settled.ok()) {
    drop_ahead();  // it follows what has not happened
    return std::move(settled).error();
  }
  for (const auto& [partition, gap] : epoch.input.skipped) {
    log_warn("stream {}: {}@{}..{} cannot be read; skipped, as its `on_corrupt` says", stream_.name,
             log::TopicPartition{query_.topic(), partition}.to_string(), gap.from, gap.to - 1);
  }
  publish();
  return true;
}

Result<PreparedEpoch> StreamRunner::next_epoch(const Offsets* until) {
  if (auto ahead = std::exchange(ahead_, std::nullopt); ahead) {
    auto epoch = ahead->epoch.get();
    const bool same_end =
        until == nullptr ? !ahead->until : ahead->until && *ahead->until == *until;
    if (same_end && ahead->at == progress_.offsets && ahead->types == types_) return epoch;
  }
  return preparer_->next(progress_.offsets, until, types_, context_.clock.now());
}

void StreamRunner::prepare_ahead(const EpochInput& done, const Offsets* until) {
  Ahead ahead{.types = done.types, .at = progress_.offsets, .until = std::nullopt, .epoch = {}};
  for (const auto& [partition, offset] : done.to) ahead.at[partition] = offset;
  if (until != nullptr) ahead.until = *until;
  if (lag_of(ahead.at) < context_.limits.worth_ahead) return;
  try {
    ahead.epoch = std::async(std::launch::async, [this, at = ahead.at, end = ahead.until,
                                                  types = ahead.types, now = context_.clock.now()] {
      return preparer_->next(at, end ? &*end : nullptr, types, now);
    });
    ahead_ = std::move(ahead);
  } catch (const std::system_error&) {
    // No thread is to be had: the epoch is prepared when its turn comes.
  }
}

Result<void> StreamRunner::settle(PreparedEpoch& epoch) {
  if (epoch.input.records.empty()) return move_over(epoch.input);
  warnings_ = epoch.warnings;
  return commit_epoch(epoch);
}

// Control records alone: moving over them again after a crash costs nothing, a commit would. What
// was skipped is counted.
Result<void> StreamRunner::move_over(const EpochInput& input) {
  StreamProgress next = progress_;
  for (const auto& [partition, offset] : input.to) next.offsets[partition] = offset;
  if (input.skipped.empty()) {
    progress_ = std::move(next);
    return {};
  }
  next.counts.skipped += input.skipped_offsets();
  const auto written = commit(next, types_, [](StreamProgress&) -> Result<bool> { return true; });
  return written.ok() ? Result<void>() : written.error();
}

Result<void> StreamRunner::resume() {
  LEAT_ASSIGN(auto progress, state_.load_progress(stream_.name));
  if (progress) progress_ = std::move(*progress);
  LEAT_TRY(load_types());
  for (auto& table : tables_) table.prepared.clear();
  drop_ahead();
  preparer_->forget();
  left_over_ = true;
  LEAT_TRY(deliver_left_over());
  publish();
  return {};
}

Result<void> StreamRunner::drain(const Offsets& until, std::stop_token stop) {
  while (!stop.stop_requested()) {
    LEAT_ASSIGN(const bool more, run_epoch(&until));
    tell_letters(!more);
    if (!more) return flush();
  }
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
}

void StreamRunner::wait_for_records(std::chrono::milliseconds timeout, std::stop_token stop) {
  std::vector<log::TopicReader::Position> positions;
  for (const auto& [partition, offset] : progress_.offsets) {
    positions.push_back({.partition = {query_.topic(), partition}, .offset = offset});
  }
  context_.topics.reader().wait_for_records(positions, timeout, std::move(stop));
}

Result<void> StreamRunner::flush() {
  for (auto& target : outside_) LEAT_TRY(target.sink->flush());
  return {};
}

Result<std::optional<std::chrono::milliseconds>> StreamRunner::flush_due() {
  std::optional<std::chrono::milliseconds> next;
  for (auto& target : outside_) {
    LEAT_ASSIGN(const auto due, target.sink->flush_due());
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

StreamSnapshot StreamRunner::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

int64_t StreamRunner::lag_of(const Offsets& at) const {
  int64_t lag = 0;
  for (const auto& [partition, offset] : at) {
    const auto range = context_.topics.reader().offsets({query_.topic(), partition});
    if (range.ok()) lag += std::max<int64_t>(0, range->end - offset);
  }
  return lag;
}

void StreamRunner::publish() {
  const int64_t lag = lag_of(progress_.offsets);
  const std::lock_guard lock(mutex_);
  snapshot_.progress = progress_;
  snapshot_.lag = lag;
  snapshot_.warnings = warnings_;
  for (const auto& [path, field] : left_out_) {
    snapshot_.warnings.push_back(fmt::format("{}.{} was left out {} times: {}", query_.topic(),
                                             path, field.times, field.reason));
  }
}

void StreamRunner::publish_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  snapshot_.trouble = std::move(trouble);
}

}  // namespace leat::pipeline
