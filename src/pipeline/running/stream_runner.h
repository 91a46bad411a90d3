// One running stream: epochs from its topic into its targets, exactly once.
//
// An epoch is one transaction of the pipeline's DuckDB file: rows of embedded tables, the outbox
// for outside sinks, dead letters, offsets and counts. A crash before its commit changes nothing;
// after it, what is in the outbox is delivered again.
#pragma once

#include <functional>
#include <future>
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
#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/dead_letter/redrive_outcome.h"
#include "pipeline/epoch/epoch_preparer.h"
#include "pipeline/epoch/state_store.h"
#include "pipeline/position/progress.h"
#include "pipeline/position/topic_schemas.h"
#include "pipeline/running/checkpoint_pace.h"
#include "sink/sink.h"
#include "sink/store/table_writer.h"
#include "store/database.h"
#include "store/store.h"
#include "stream/query.h"

namespace leat::pipeline {

class LetterBatch;

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
  LetterLimits letters = {};  // of one transaction of a redrive
  bool fresh = false;         // unusable stored offsets: begin anew instead of refusing
  std::map<std::string, std::vector<std::string>> record_keys;  // JSON paths, by topic
  std::set<std::string> strict_topics;                          // those with `schema: strict`
  std::function<void()> after_epoch;  // called after every commit (fault injection)
  std::stop_token stop = {};          // ends every wait, of a delivery too, with kCancelled
};

// A sink that is down is asked again this often before the delivery fails; with half a second
// before the second, and twice as long before each further one, about a minute.
constexpr int kDeliveryAttempts = 8;

// What others may see of a running stream.
struct StreamSnapshot {
  StreamProgress progress;
  int64_t lag = 0;  // offsets between where it is and the ends of its topic
  std::vector<std::string> warnings;
  std::string
      trouble;  // what a delivery failed with that is tried again, or was to be when stopped
};

// Runs on one thread at a time; snapshot() may be called from any.
class StreamRunner {
 public:
  // Reads the progress and delivers what a crash left in the outbox; where a target is down, that
  // is left to the next epoch. `database` outlives the runner. Errors (user): the SQL; a stored
  // offset outside the log (the message names the lost range); an epoch in the outbox whose target
  // or query is no longer the same (with `fresh` it is given up, with a warning).
  static Result<std::unique_ptr<StreamRunner>> open(const config::Stream& stream,
                                                    StreamContext context,
                                                    store::Database& database);
  ~StreamRunner();

  // One epoch, up to `until` where given; false: nothing to read.
  Result<bool> run_epoch(const Offsets* until = nullptr);
  // Epochs until the stream has reached `until`.
  Result<void> drain(const Offsets& until, std::stop_token stop);
  // After an error of run_epoch() that may pass: goes back to where the database says the stream
  // is, and delivers what its outbox still holds.
  Result<void> resume();
  // Waits until there is something to read, the time is over or a stop is requested.
  void wait_for_records(std::chrono::milliseconds timeout, std::stop_token stop);
  // To be called while there is nothing to read: checkpoints the database if that is due.
  Result<void> checkpoint_if_due();
  // Makes what outside sinks hold back visible.
  Result<void> flush();
  // To be called now and then: tells of dead letters by their number; `all`: of every one.
  void tell_letters(bool all = false) { letter_news_.tell(all); }
  // To be called between epochs and while there is nothing to read: what outside sinks have held
  // back for long enough becomes visible. Returns in how long the rest is due, if there is any.
  Result<std::optional<std::chrono::milliseconds>> flush_due();

  // Runs the next dead letters of this stream behind `after` again, as one epoch: in the
  // transaction that takes them, they are removed or get their new error. `last`: go on behind it;
  // none: there were no more.
  struct Redriven {
    RedriveOutcome outcome;
    std::optional<StreamLetter> last;
  };
  Result<Redriven> redrive(const LetterFilter& filter, const std::optional<StreamLetter>& after);
  // Removes dead letters of this stream, for the reason `because`. How many.
  Result<int64_t> discard(const LetterFilter& filter, const std::string& because);

  StreamSnapshot snapshot() const;
  const std::string& name() const { return stream_.name; }
  const std::string& topic() const { return query_.topic(); }

 private:
  struct TableTarget {
    std::string name;
    bool keyed = false;
    std::vector<std::string> key;
    std::unique_ptr<sink::TableWriter> writer;
    std::vector<store::Column> prepared;  // committed with these columns
  };
  struct OutsideTarget {
    std::string name;
    std::unique_ptr<sink::Sink> sink;
    std::vector<store::Column> prepared;
  };
  // What one epoch writes, before and while its transaction is open.
  struct Epoch {
    PreparedEpoch& prepared;
    StreamProgress next;
    bool removed = false;  // rows have left a table
  };
  // The epoch that follows the one which is being committed.
  struct Ahead {
    BoundTypes types;
    Offsets at;
    std::optional<Offsets> until;
    std::future<Result<PreparedEpoch>> epoch;  // waited for when it goes
  };

  StreamRunner(const config::Stream& stream, StreamContext context,
               std::unique_ptr<store::Connection> connection, stream::Query query);

  Result<void> make_targets();
  Result<void> check_topic();
  Result<void> check_offsets();
  Result<void> begin_new_partitions();
  Result<void> redeliver_outbox(int attempts);
  // What open() or an epoch could not deliver comes before everything that is newer.
  Result<void> deliver_left_over();
  Result<void> give_up(const std::vector<OutboxEntry>& entries);
  Result<PreparedEpoch> next_epoch(const Offsets* until);
  // Begins to prepare what follows the epoch `done`, where there is much of it.
  void prepare_ahead(const EpochInput& done, const Offsets* until);
  void drop_ahead() { ahead_.reset(); }
  Result<void> settle(PreparedEpoch& epoch);
  Result<void> move_over(const EpochInput& input);
  Result<void> commit_epoch(PreparedEpoch& prepared);
  // Commits what `write` writes together with `next`, which becomes the progress, and with `types`,
  // if an epoch has changed them; or nothing, when it fails or returns false.
  Result<bool> commit(StreamProgress next, const BoundTypes& types,
                      const std::function<Result<bool>(StreamProgress&)>& write);
  void note_left_out(const codec::LeftOutFields& more);
  Result<void> load_types();
  codec::BindingRules binding_rules() const;
  Result<void> write_tables(Epoch& epoch);
  // Whether * has no column for the table's key, since no record had it so far. Rows have no key
  // then, and deletes find nothing.
  bool lacks_key(const TableTarget& table, const store::RowBatch& rows) const;
  static std::vector<sink::RefusedRow> rows_without_key(const TableTarget& table,
                                                        const store::RowBatch& rows);
  Result<void> write_letters(const PreparedEpoch& epoch);
  Result<void> deliver(OutsideTarget& target, const OutboxEntry& entry, EpochInput& input,
                       const store::RowBatch& rows, int attempts = kDeliveryAttempts);
  // False when stopped.
  bool wait_to_deliver(const Error& error, std::chrono::milliseconds delay);
  Result<Redriven> redrive_once(const LetterFilter& filter,
                                const std::optional<StreamLetter>& after,
                                const LetterLimits& limits);
  // The first of these letters gets the error that it met again.
  Result<Redriven> keep_letter(const LetterFilter& filter, const std::optional<StreamLetter>& after,
                               const Error& error);
  // Why the letter cannot be run again, whatever its record is.
  Result<std::optional<std::string>> obstacle(const StreamLetter& letter) const;
  struct RunAgain;
  Result<RecordSlice> later_records(const LetterBatch& batch);
  Result<void> execute_letters(RunAgain& again, BoundTypes& types);
  Result<void> write_letter_rows(RunAgain& again, StreamProgress& next);
  Result<void> count_letters(RunAgain& again, StreamProgress& next);
  Result<void> redeliver_letters(OutsideTarget& target, const OutboxEntry& entry, BoundTypes types,
                                 int attempts);
  // REQUIRES: input.kept holds the record.
  StreamLetter letter_of(const EpochInput& input, uint32_t record, std::string stage,
                         std::string error, Micros now) const;
  Result<void> add_refused_letters(const std::string& sink, EpochInput& input,
                                   const store::RowBatch& rows, const sink::Delivery& delivery,
                                   Micros now);
  OutboxEntry outbox_entry(const EpochInput& input, const StreamProgress& next, Micros now,
                           const std::string& sink) const;
  // Offsets between there and the ends of the topic.
  int64_t lag_of(const Offsets& at) const;
  void publish();
  void publish_trouble(std::string trouble);

  const config::Stream& stream_;
  StreamContext context_;
  std::unique_ptr<store::Connection> connection_;
  StateStore state_;
  LetterStore letters_;
  stream::Query query_;
  std::string query_hash_;
  StreamProgress progress_;
  std::vector<TableTarget> tables_;
  std::vector<OutsideTarget> outside_;
  LetterNews letter_news_;
  CheckpointPace pace_{store::kRowGroupRows};
  BoundTypes types_;  // of the last committed epoch
  bool keyed_ = false;
  // Records of one table key have one record key, for every keyed table.
  bool keys_agree_ = true;
  size_t redriven_at_once_;  // letters; fewer after some that failed as a whole
  bool left_over_ = false;   // the outbox holds what no epoch of this runner is delivering
  bool began_anew_ = false;  // the stored offsets were unusable: so are those of the outbox

  std::unique_ptr<EpochPreparer> preparer_;
  std::optional<Ahead> ahead_;  // uses preparer_; but for its keep(), nobody else may meanwhile
  std::vector<std::string> warnings_;
  codec::LeftOutFields left_out_;  // since the runner was opened

  mutable std::mutex mutex_;  // guards snapshot_
  StreamSnapshot snapshot_;
};

}  // namespace leat::pipeline
