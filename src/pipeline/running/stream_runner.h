// One running stream: epochs from its topic into its targets, exactly once.
//
// An epoch is one transaction of the pipeline's DuckDB file: rows of embedded tables, the outbox
// for outside targets, dead letters, offsets and counts. A crash before its commit changes nothing;
// after it, what is in the outbox is delivered again. Each outside target has a worker of its own,
// which takes what was committed from there (pipeline/delivery): the stream waits for it only when
// its backlog is full.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/letter_news.h"
#include "pipeline/delivery/target_worker.h"
#include "pipeline/epoch/epochs_ahead.h"
#include "pipeline/epoch/stream_parts.h"
#include "pipeline/position/topic_schemas.h"
#include "pipeline/redrive/redrive.h"
#include "pipeline/running/checkpoint_pace.h"
#include "sink/sink.h"
#include "store/database.h"
#include "store/store.h"
#include "stream/query.h"

namespace leat::pipeline {

using SinkFactory = std::function<Result<std::unique_ptr<sink::Sink>>(const config::Stream&,
                                                                      const config::Target&)>;

struct StreamContext {
  std::string pipeline;
  std::string store_id;
  Clock& clock;
  log::TopicStore& topics;
  TopicSchemas& schemas;
  SinkFactory make_sink;
  EpochLimits limits;
  LetterLimits letters = {};   // of one transaction of a redrive
  BacklogLimits backlog = {};  // of each outside target
  bool fresh = false;          // unusable stored offsets: begin anew instead of refusing
  std::map<std::string, std::vector<std::string>> record_keys;  // JSON paths, by topic
  std::set<std::string> strict_topics;                          // those with `schema: strict`
  std::function<void()> after_epoch;  // called after every commit (fault injection)
  std::function<void(DeliveryStep)> at_delivery = {};  // on the targets' threads (fault injection)
  std::stop_token stop = {};                           // ends every wait, with kCancelled
};

// What others may see of a running stream.
struct StreamSnapshot {
  StreamProgress progress;  // with what the deliveries have counted
  int64_t lag = 0;          // offsets between where it is and the ends of its topic
  std::vector<std::string> warnings;
  std::vector<TargetSnapshot> targets;  // those outside
  std::string waits_for;                // why the stream itself stands still; empty: it does not
  // What deliveries failed with that are tried again, or were to be when stopped; and waits_for.
  std::string trouble;
};

// Runs on one thread at a time; snapshot() may be called from any.
class StreamRunner {
 public:
  using Redriven = pipeline::Redriven;

  // Reads the progress; what a crash left in the outbox is delivered once the stream runs.
  // `database` outlives the runner. Errors (user): the SQL; a stored offset outside the log (the
  // message names the lost range); an epoch in the outbox whose target or query is no longer the
  // same (with `fresh` it is given up, with a warning).
  static Result<std::unique_ptr<StreamRunner>> open(const config::Stream& stream,
                                                    StreamContext context,
                                                    store::Database& database);
  ~StreamRunner();

  // One epoch, up to `until` where given; false: nothing to read, or the backlog of a target is
  // full.
  Result<bool> run_epoch(const Offsets* until = nullptr);
  // Epochs until the stream has reached `until`, and their deliveries. Errors: also of flush().
  Result<void> drain(const Offsets& until, std::stop_token stop);
  // After an error of run_epoch() that may pass: goes back to where the database says the stream
  // is.
  Result<void> resume();
  // To be called when run_epoch() has nothing more to do: `ready` is called, from any thread, when
  // it may have, until the watch is gone.
  std::unique_ptr<log::TopicReader::Watch> watch_records(std::function<void()> ready);
  // Is called, from any thread, whenever a delivery has come further or failed. REQUIRES: none
  // runs.
  void set_delivery_listener(const std::function<void()>& told);
  // To be called while there is nothing to read: checkpoints the database if that is due.
  Result<void> checkpoint_if_due();
  // To be called now and then: tells of dead letters by their number; `all`: of every one.
  void tell_letters(bool all = false) { letter_news_.tell(all); }

  // Waits until all that was committed is delivered, and visible where outside targets held it
  // back. Errors: of a target that stays down (TargetWorker::finish()); others are waited for all
  // the same.
  Result<void> flush(std::stop_token stop);
  // The same without waiting: false means that it is to be called again when a delivery has come
  // further.
  Result<bool> flush_step();
  Result<void> flush() { return flush(context_.stop); }
  // Ends the deliveries, at once where a target is down, and closes the targets. They begin again
  // with the next epoch, redrive or flush.
  void stop_delivery();

  // Runs the next dead letters of this stream behind `after` again, as one epoch.
  Result<Redriven> redrive(const LetterFilter& filter, const std::optional<StreamLetter>& after);
  // Removes dead letters of this stream, for the reason `because`. How many.
  Result<int64_t> discard(const LetterFilter& filter, const std::string& because);

  // Whether run_epoch() waits for the backlog of a target.
  bool waits_for_target() { return full_target() != nullptr; }

  StreamSnapshot snapshot() const;
  const std::string& name() const { return stream_.name; }
  const std::string& topic() const { return query_.topic(); }

 private:
  StreamRunner(const config::Stream& stream, StreamContext context, store::Database& database,
               stream::Query query, std::unique_ptr<StreamState> state);

  Result<void> make_tables();
  Result<std::unique_ptr<EpochPreparer>> make_preparer() const;
  Result<void> load_types();
  codec::BindingRules binding_rules() const;
  // Whether what is stored fits what is there; with `fresh`, what does not is forgotten.
  Result<void> check_topic();
  Result<void> check_offsets();
  Result<void> check_outbox();
  Result<void> give_up(const std::string& sink);
  Result<void> make_workers();
  Result<void> make_worker(const config::Target& target, const std::vector<OutboxPart>& outbox);

  void start_delivery();
  TargetWorker* full_target();
  Result<void> begin_new_partitions();
  Result<void> settle(PreparedEpoch epoch);
  void hand_over(std::vector<OutboxEntry> outbox, std::shared_ptr<const EpochRows> rows);
  void note_left_out(const codec::LeftOutFields& more);
  int64_t lag_of(const Offsets& at) const;  // to the ends of the topic
  void publish();

  const config::Stream& stream_;
  StreamContext context_;
  store::Database& database_;
  const stream::Query query_;
  std::unique_ptr<StreamState> state_;
  TargetTables tables_;
  std::unique_ptr<EpochPreparer> preparer_;
  std::optional<StreamParts> parts_;
  std::optional<EpochsAhead> ahead_;
  std::optional<Redrive> redrive_;
  std::vector<std::unique_ptr<TargetWorker>> workers_;
  std::vector<uint64_t> flush_asked_;  // of each worker, while flush_step() goes on
  // What was counted for targets that the file no longer names.
  std::map<std::string, SinkCounts> gone_counts_;
  LetterNews letter_news_;
  CheckpointPace pace_{store::kRowGroupRows};
  bool keyed_ = false;
  bool keys_agree_ = true;
  bool began_anew_ = false;  // the stored offsets were unusable: so are those of the outbox
  std::vector<std::string> warnings_;
  codec::LeftOutFields left_out_;  // since the runner was opened

  mutable std::mutex mutex_;  // guards snapshot_
  StreamSnapshot snapshot_;
};

}  // namespace leat::pipeline
