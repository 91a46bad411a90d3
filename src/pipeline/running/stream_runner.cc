#include "pipeline/running/stream_runner.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "pipeline/epoch/epoch_transaction.h"

namespace leat::pipeline {

Result<bool> StreamRunner::run_epoch(const Offsets* until) {
  start_delivery();
  for (const auto& worker : workers_) {
    if (auto broken = worker->broken()) return *std::move(broken);
  }
  if (full_target() != nullptr) return false;
  LEAT_TRY(begin_new_partitions());
  LEAT_ASSIGN(auto epoch, ahead_->next(state_->progress().offsets, until, state_->types()));
  if (epoch.input.empty()) return false;
  Offsets behind = state_->progress().offsets;
  for (const auto& [partition, offset] : epoch.input.to) behind[partition] = offset;
  if (lag_of(behind) >= context_.limits.worth_ahead) {
    ahead_->begin(epoch.input, std::move(behind), until);
  }
  for (const auto& [partition, gap] : epoch.input.skipped) {
    log_warn("stream {}: {}@{}..{} cannot be read; skipped, as its `on_corrupt` says", stream_.name,
             log::TopicPartition{query_.topic(), partition}.to_string(), gap.from, gap.to - 1);
  }
  if (auto settled = settle(std::move(epoch)); !settled.ok()) {
    ahead_->drop();  // it follows what has not happened
    return std::move(settled).error();
  }
  return true;
}

Result<void> StreamRunner::settle(PreparedEpoch epoch) {
  if (epoch.input.records.empty()) {
    LEAT_TRY(pass_over(*parts_, epoch.input));
    publish();
    return {};
  }
  LEAT_ASSIGN(auto written, commit_epoch(*parts_, epoch));
  if (!tables_.empty()) {
    pace_.committed(written.appended, written.removed, state_->connection().wal_bytes());
  }
  warnings_ = std::move(epoch.warnings);
  note_left_out(epoch.result.left_out);
  publish();
  if (context_.after_epoch) context_.after_epoch();
  for (const auto& letter : written.letters) {
    auto place = fmt::format("{}-{}@{}", letter.topic, letter.partition, letter.offset);
    if (!letter.sink.empty()) place += " for " + letter.sink;
    letter_news_.add(place, letter.error);
  }
  if (written.outbox.empty()) return {};
  auto rows = std::make_shared<const EpochRows>(
      EpochRows{.input = std::move(epoch.input), .rows = std::move(epoch.result.rows)});
  hand_over(std::move(written.outbox), std::move(rows));
  return {};
}

void StreamRunner::hand_over(std::vector<OutboxEntry> outbox,
                             std::shared_ptr<const EpochRows> rows) {
  for (auto& entry : outbox) {
    const auto worker = std::ranges::find_if(
        workers_, [&](const auto& each) { return each->name() == entry.sink; });
    if (worker != workers_.end()) (*worker)->hand_over(std::move(entry), rows);
  }
}

// Those that were added since are read from their first record on, whatever `from` says: all that
// they hold came after the stream began.
Result<void> StreamRunner::begin_new_partitions() {
  auto& log = context_.topics.reader();
  LEAT_ASSIGN(const int32_t partitions, log.partition_count(query_.topic()));
  auto next = static_cast<int32_t>(state_->progress().offsets.size());
  if (next >= partitions) return {};
  StreamProgress progress = state_->progress();
  for (; next < partitions; ++next) {
    LEAT_ASSIGN(const log::OffsetRange range, log.offsets({query_.topic(), next}));
    progress.offsets.try_emplace(next, range.start);
  }
  state_->set_progress(std::move(progress));
  return {};
}

// The first field that is left out for a reason is told at once, all of them in the summary.
void StreamRunner::note_left_out(const codec::LeftOutFields& more) {
  std::set<std::string> told;
  for (const auto& [path, field] : left_out_) told.insert(field.reason);
  for (const auto& [path, field] : more) {
    if (path == codec::kFurtherLeftOut || !told.insert(field.reason).second) continue;
    log_warn("stream {}: {}.{} is left out: {}", stream_.name, query_.topic(), path, field.reason);
  }
  codec::add_left_out(left_out_, more);
}

Result<void> StreamRunner::checkpoint_if_due() {
  if (!pace_.due()) return {};
  LEAT_ASSIGN(const bool done, state_->connection().checkpoint());
  if (done) pace_.checkpointed();
  return {};
}

Result<void> StreamRunner::resume() {
  LEAT_TRY(state_->reload());
  LEAT_TRY(load_types());
  tables_.forget_prepared();
  ahead_->drop();
  preparer_->forget();
  publish();
  return {};
}

Result<void> StreamRunner::drain(const Offsets& until, std::stop_token stop) {
  while (!stop.stop_requested()) {
    LEAT_ASSIGN(const bool more, run_epoch(&until));
    tell_letters(!more);
    if (more) continue;
    TargetWorker* const full = full_target();
    if (full == nullptr) return flush(stop);
    LEAT_TRY(full->finish(stop));
  }
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
}

std::unique_ptr<log::TopicReader::Watch> StreamRunner::watch_records(std::function<void()> ready) {
  std::vector<log::TopicReader::Position> positions;
  for (const auto& [partition, offset] : state_->progress().offsets) {
    positions.push_back({.partition = {query_.topic(), partition}, .offset = offset});
  }
  return context_.topics.reader().when_readable(positions, std::move(ready));
}

void StreamRunner::set_delivery_listener(const std::function<void()>& told) {
  for (const auto& worker : workers_) worker->set_listener(told);
}

void StreamRunner::start_delivery() {
  for (const auto& worker : workers_) worker->start();
}

void StreamRunner::stop_delivery() {
  for (const auto& worker : workers_) worker->stop();
}

Result<void> StreamRunner::flush(std::stop_token stop) {
  start_delivery();
  Result<void> first;
  for (const auto& worker : workers_) {
    auto finished = worker->finish(stop);
    if (first.ok()) first = std::move(finished);
  }
  return first;
}

Result<bool> StreamRunner::flush_step() {
  if (flush_asked_.empty()) {
    start_delivery();
    for (const auto& worker : workers_) flush_asked_.push_back(worker->ask_flush());
  }
  bool all = true;
  Result<void> first;
  for (size_t i = 0; i < workers_.size(); ++i) {
    auto flushed = workers_[i]->flushed(flush_asked_[i]);
    if (!flushed) {
      all = false;
    } else if (first.ok()) {
      first = std::move(*flushed);
    }
  }
  if (!all) return false;
  flush_asked_.clear();
  LEAT_TRY(std::move(first));
  return true;
}

TargetWorker* StreamRunner::full_target() {
  std::string waits_for;
  TargetWorker* found = nullptr;
  for (const auto& worker : workers_) {
    const auto why = worker->full();
    if (!why) continue;
    found = worker.get();
    waits_for = fmt::format("waits for {}: {}", worker->name(), *why);
    break;
  }
  bool begins = false;
  {
    const std::lock_guard lock(mutex_);
    begins = snapshot_.waits_for.empty() && !waits_for.empty();
    snapshot_.waits_for = waits_for;
  }
  if (begins) log_warn("stream {}: {}", stream_.name, waits_for);
  return found;
}

Result<Redriven> StreamRunner::redrive(const LetterFilter& filter,
                                       const std::optional<StreamLetter>& after) {
  start_delivery();
  ahead_->drop();  // it may be of an older schema than the letters need
  auto done = redrive_->next(filter, after);
  publish();
  if (!done.ok() || !done->last) return done;
  if (!tables_.empty()) {
    pace_.committed(done->written.appended, done->written.removed,
                    state_->connection().wal_bytes());
  }
  if (context_.after_epoch) context_.after_epoch();
  hand_over(std::move(done->written.outbox), nullptr);
  return done;
}

Result<int64_t> StreamRunner::discard(const LetterFilter& filter, const std::string& because) {
  auto discarded = redrive_->discard(filter, because);
  if (discarded.ok()) publish();
  return discarded;
}

StreamSnapshot StreamRunner::snapshot() const {
  StreamSnapshot snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot = snapshot_;
  }
  const auto add = [&](const std::string& name, const SinkCounts& counts) {
    auto& sum = snapshot.progress.sinks[name];
    sum.emitted += counts.emitted;
    sum.delivered += counts.delivered;
    sum.dead_lettered += counts.dead_lettered;
  };
  for (const auto& [name, counts] : gone_counts_) add(name, counts);
  snapshot.trouble = snapshot.waits_for;
  for (const auto& worker : workers_) {
    auto target = worker->snapshot();
    add(target.name, target.counts);
    if (!target.error.empty()) {
      snapshot.trouble +=
          fmt::format("{}{}: {}", snapshot.trouble.empty() ? "" : "; ", target.name, target.error);
    }
    snapshot.targets.push_back(std::move(target));
  }
  return snapshot;
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
  const int64_t lag = lag_of(state_->progress().offsets);
  const std::lock_guard lock(mutex_);
  snapshot_.progress = state_->progress();
  snapshot_.lag = lag;
  snapshot_.warnings = warnings_;
  constexpr size_t kMostNamed = 20;
  size_t named = 0;
  uint64_t further = 0;
  for (const auto& [path, field] : left_out_) {
    if (path == codec::kFurtherLeftOut || named == kMostNamed) {
      further += field.times;
      continue;
    }
    ++named;
    snapshot_.warnings.push_back(fmt::format("{}.{} was left out {} time{}: {}", query_.topic(),
                                             path, field.times, field.times == 1 ? "" : "s",
                                             field.reason));
  }
  if (further == 0) return;
  snapshot_.warnings.push_back(fmt::format("values of further fields of {} were left out {} times",
                                           query_.topic(), further));
}

}  // namespace leat::pipeline
