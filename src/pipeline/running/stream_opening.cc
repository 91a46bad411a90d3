// StreamRunner: how it is opened, and whether what is stored fits what is there.
#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "pipeline/delivery/recovery.h"
#include "pipeline/epoch/stream_query.h"
#include "pipeline/position/offset_check.h"
#include "pipeline/running/stream_runner.h"

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
                           store::Database& database, stream::Query query,
                           std::unique_ptr<StreamState> state)
    : stream_(stream),
      context_(std::move(context)),
      database_(database),
      query_(std::move(query)),
      state_(std::move(state)),
      tables_(state_->connection(), query_.names_all()),
      letter_news_("stream " + stream.name, context_.clock) {}

StreamRunner::~StreamRunner() { stop_delivery(); }

Result<std::unique_ptr<StreamRunner>> StreamRunner::open(const config::Stream& stream,
                                                         StreamContext context,
                                                         store::Database& database) {
  LEAT_ASSIGN(auto connection, database.connect());
  LEAT_ASSIGN(const auto sql, stream_sql(stream));
  LEAT_ASSIGN(auto query, stream::Query::parse(sql, *connection));
  LEAT_ASSIGN(auto state, StreamState::open(stream.name, std::move(connection)));
  std::unique_ptr<StreamRunner> runner(
      new StreamRunner(stream, std::move(context), database, std::move(query), std::move(state)));
  LEAT_TRY(runner->check_topic());
  LEAT_TRY(runner->make_tables());
  LEAT_ASSIGN(runner->preparer_, runner->make_preparer());
  LEAT_TRY(runner->load_types());
  LEAT_TRY(runner->check_offsets());
  LEAT_TRY(runner->check_outbox());
  LEAT_TRY(runner->make_workers());
  runner->parts_.emplace(StreamParts{.stream = runner->stream_,
                                     .query = runner->query_,
                                     .query_hash = text_hash(runner->query_.sql()),
                                     .clock = runner->context_.clock,
                                     .topics = runner->context_.topics.reader(),
                                     .state = *runner->state_,
                                     .tables = runner->tables_,
                                     .preparer = *runner->preparer_,
                                     .outside = {},
                                     .keyed = runner->keyed_,
                                     .keys_agree = runner->keys_agree_});
  for (const auto& worker : runner->workers_) runner->parts_->outside.push_back(worker->name());
  runner->ahead_.emplace(*runner->preparer_, runner->context_.clock);
  runner->redrive_.emplace(*runner->parts_, runner->context_.letters);
  runner->publish();
  return runner;
}

Result<std::unique_ptr<EpochPreparer>> StreamRunner::make_preparer() const {
  LEAT_ASSIGN(auto connection, database_.connect());
  return std::make_unique<EpochPreparer>(stream_, query_,
                                         PreparerContext{.topics = context_.topics.reader(),
                                                         .schemas = context_.schemas,
                                                         .limits = context_.limits,
                                                         .rules = binding_rules(),
                                                         .keyed = keyed_},
                                         std::move(connection));
}

// What was declared since then takes the place of what a record had first.
Result<void> StreamRunner::load_types() {
  LEAT_ASSIGN(auto bound, state_->load_types());
  if (began_anew_) bound = {};
  const auto declared = context_.schemas.latest(query_.topic()).declared;
  state_->set_types(preparer_->fitted(
      std::make_shared<const codec::TopicSchema>(codec::declared_over(declared, bound))));
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

Result<void> StreamRunner::make_tables() {
  StreamProgress progress = state_->progress();
  for (const auto& target : stream_.into) {
    const std::string name = target.label();
    progress.sinks.try_emplace(name);
    // A null value under a key deletes outside, too: in a topic its record is a tombstone.
    keyed_ = keyed_ || (!target.is_table() && target.mode == config::WriteMode::kUpsert);
    if (!target.is_table()) continue;
    LEAT_ASSIGN(auto key, key_columns(stream_, target));
    if (!key.empty()) {
      keyed_ = true;
      const auto fields = key_fields(stream_, target, query_);
      const auto of_record = context_.record_keys.find(query_.topic());
      keys_agree_ = keys_agree_ && !fields.empty() && of_record != context_.record_keys.end() &&
                    fields == sorted(of_record->second);
    }
    LEAT_TRY(tables_.add(name, target.name, std::move(key)));
  }
  state_->set_progress(std::move(progress));
  return {};
}

Result<void> StreamRunner::check_topic() {
  StreamProgress progress = state_->progress();
  LEAT_ASSIGN(const auto id, context_.topics.topic_id(query_.topic()));
  auto same = check_topic_of(stream_.name, progress, query_.topic(), id.to_string());
  if (!same.ok()) {
    if (!context_.fresh) return same;
    log_warn("{}; beginning anew as --fresh asks", same.error().message());
    progress.offsets.clear();
    began_anew_ = true;
  }
  progress.topic = query_.topic();
  progress.topic_id = id.to_string();
  state_->set_progress(std::move(progress));
  return {};
}

Result<void> StreamRunner::check_offsets() {
  auto& log = context_.topics.reader();
  LEAT_ASSIGN(const int32_t partitions, log.partition_count(query_.topic()));
  std::map<int32_t, log::OffsetRange> ranges;
  for (int32_t partition = 0; partition < partitions; ++partition) {
    LEAT_ASSIGN(ranges[partition], log.offsets({query_.topic(), partition}));
  }
  StreamProgress progress = state_->progress();
  auto usable = check_stored_offsets(stream_.name, query_.topic(), progress.offsets, ranges);
  if (!usable.ok()) {
    if (!context_.fresh) return usable;
    log_warn("{}; beginning anew as --fresh asks", usable.error().message());
    progress.offsets.clear();
    began_anew_ = true;
  }
  const bool latest = progress.offsets.empty() && stream_.from == config::StartFrom::kLatest;
  for (const auto& [partition, range] : ranges) {
    progress.offsets.try_emplace(partition, latest ? range.end : range.start);
  }
  state_->set_progress(std::move(progress));
  return {};
}

Result<void> StreamRunner::check_outbox() {
  LEAT_ASSIGN(const auto outbox, state_->outbox().parts(stream_.name));
  StreamNow now{.stream = stream_.name,
                .targets = {},
                .query_hash = text_hash(query_.sql()),
                .began_anew = began_anew_,
                .fresh = context_.fresh};
  for (const auto& target : stream_.into) {
    if (!target.is_table()) now.targets.insert(target.label());
  }
  std::set<std::string> given_up;
  for (const auto& plan : plan_leftovers(outbox, now)) {
    if (plan.action == Leftover::kRefuse) return user_error("{}", plan.problem);
    if (plan.action != Leftover::kGiveUp) continue;
    log_warn("{}; given up as --fresh asks", plan.problem);
    given_up.insert(plan.part.sink);
  }
  for (const auto& sink : given_up) LEAT_TRY(give_up(sink));
  return {};
}

// A target's entries are of one query: while one of another waits, the stream does not start.
Result<void> StreamRunner::give_up(const std::string& sink) {
  LEAT_ASSIGN(auto counts, state_->outbox().load_counts(stream_.name));
  const auto written = state_->commit(state_->progress(), state_->types(),
                                      [&](StreamProgress& next) -> Result<bool> {
                                        auto& own = next.sinks[sink];
                                        own.emitted -= own.pending() + counts[sink].pending();
                                        LEAT_TRY(state_->outbox().clear(stream_.name, sink));
                                        LEAT_TRY(state_->outbox().forget_letters(stream_.name));
                                        return true;
                                      });
  return written.ok() ? Result<void>() : written.error();
}

Result<void> StreamRunner::make_workers() {
  LEAT_TRY(state_->outbox().forget_letters(stream_.name));
  LEAT_ASSIGN(const auto outbox, state_->outbox().parts(stream_.name));
  LEAT_ASSIGN(gone_counts_, state_->outbox().load_counts(stream_.name));
  for (const auto& target : stream_.into) {
    if (!target.is_table()) LEAT_TRY(make_worker(target, outbox));
  }
  return {};
}

Result<void> StreamRunner::make_worker(const config::Target& target,
                                       const std::vector<OutboxPart>& outbox) {
  const std::string name = target.label();
  LEAT_ASSIGN(auto sink, context_.make_sink(stream_, target));
  LEAT_ASSIGN(auto connection, database_.connect());
  SinkCounts counts;
  if (const auto found = gone_counts_.extract(name)) counts = found.mapped();
  const auto& own = state_->progress().sinks.at(name);
  Backlog backlog{.records = own.pending() + counts.pending()};
  for (const auto& part : outbox) {
    if (part.sink != name) continue;
    backlog.epochs += part.entries;
    backlog.bytes += part.bytes;
  }
  DeliveryContext context{.pipeline = context_.pipeline,
                          .store_id = context_.store_id,
                          .stream = stream_.name,
                          .topic = query_.topic(),
                          .topic_id = state_->progress().topic_id,
                          .clock = context_.clock,
                          .committed = state_->progress().epoch,
                          .at_step = context_.at_delivery};
  auto delivery = std::make_unique<Delivery>(std::move(context), name, std::move(sink),
                                             EpochRowsAgain([this] { return make_preparer(); }),
                                             std::move(connection), counts);
  workers_.push_back(std::make_unique<TargetWorker>(std::move(delivery), context_.clock,
                                                    context_.backlog, backlog));
  return {};
}

}  // namespace leat::pipeline
