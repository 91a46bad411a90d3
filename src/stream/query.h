// A stream's SQL: parsed once, planned against a topic schema, executed batch by batch.
//
// The dialect is DuckDB's SELECT over one topic. What has no per-record meaning in a stream (LIMIT,
// OFFSET, ORDER BY, DISTINCT, window functions, random()) and what the engine cannot do yet
// (aggregates, joins of topics, windows) is refused with the way to say it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/projection.h"
#include "codec/record_format.h"
#include "codec/topic_schema.h"
#include "store/database.h"
#include "store/rows.h"
#include "stream/quick/quick_queries.h"

namespace leat::stream {

// Immutable. Thread-safe.
class Query {
 public:
  // Checks syntax and refuses what a stream cannot do. Errors: domain user, with the position in
  // `sql` where it is known. Needs no schema.
  static Result<Query> parse(const std::string& sql, store::Connection& connection);
  // SELECT * FROM topic.
  static Query select_all(const std::string& topic);

  const std::string& sql() const;
  const std::string& topic() const;  // the one topic in FROM
  // True when the query names all fields (SELECT *, or a struct as a whole).
  bool names_all() const;

  // The dotted path of the field that an output column is, cast, as it is, or among those of *;
  // none for any other expression, and where the topic is not read directly.
  std::optional<std::string> field_of(const std::string& column) const;

  struct Tree;
  const Tree& tree() const { return *tree_; }
  explicit Query(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}

 private:
  std::shared_ptr<const Tree> tree_;
};

// A query bound to one version of its topic's schema. Immutable.
struct Plan {
  std::string sql;  // what is executed, over the table function of the batch
  // Of the topic's records, and what is decoded of them.
  const codec::RecordFormat* format = &codec::default_format();
  codec::Projection projection;
  std::vector<store::Column> columns;  // the output, without the hidden row identity
  std::vector<std::string> warnings;   // "`login.uid` was never seen in users_created: NULL"

  // For the Executor. `sql` and these read from __leat_batch(), which each Executor calls by a name
  // of its own.
  std::string lenient_sql;                // every cast is a TRY_CAST
  QuickQueries quick;                     // as many as there are
  std::vector<std::string_view> special;  // the special columns that are read, after the fields
};

// What a path is that no record had yet, though some had one that is nearly the same.
enum class Unseen : uint8_t {
  kMistake,  // an error: did you mean
  kNull,     // NULL: records may come that have it
};

// Errors: a path that is a mistake, a type that does not bind: domain user with the position in
// Query::sql().
Result<Plan> plan(const Query& query, const codec::TopicSchema& schema,
                  store::Connection& connection, Unseen unseen = Unseen::kMistake,
                  const QuickOptions& quick = {});

struct InputRecord {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // >= 64 readable bytes after it
};

struct FailedRecord {
  uint32_t input = 0;  // index into the batch: all that was added to it, in its order
  std::string stage;   // decode, query
  std::string message;
};

struct BatchResult {
  store::RowBatch rows;
  std::vector<FailedRecord> failed;  // ascending by input, one per record
  uint64_t used = 0;                 // records that yield at least one row, and deletes
  uint64_t filtered = 0;             // used + filtered + failed.size() == batch size
  codec::LeftOutFields left_out;     // of the records that were decoded
};

// What to do with a record that does not fit the plan's types.
enum class Misfit : uint8_t {
  kReport,      // the caller decides: other types, or fail()
  kDeadLetter,  // it is one
};

// A record that was not added.
struct Misfitting {
  size_t added = 0;  // so many before it were
  std::string message;
};

struct ExecuteOptions {
  Micros now = 0;              // now() and friends
  bool null_on_error = false;  // a failing cast gives NULL (`on_error: null`)
  bool keyed = false;          // the target has a key: a null value under a record key deletes
  size_t max_record_bytes = 16 << 20;  // a larger value is a dead letter
};

// Runs one plan on one connection, batch by batch: begin, add as often as there is something,
// finish. Not thread-safe; keeps its prepared statement and the memory of its batches.
class Executor {
 public:
  static Result<std::unique_ptr<Executor>> create(const Plan& plan, store::Connection& connection);
  virtual ~Executor() = default;

  // A batch that was begun and not finished is forgotten.
  virtual void begin(const ExecuteOptions& options) = 0;
  // Decodes the records into the batch; their bytes are not needed afterwards. With kReport it ends
  // before the first that does not fit.
  virtual std::optional<Misfitting> add(std::span<const InputRecord> records, Misfit misfit) = 0;
  // The next record of the batch is a dead letter of the stage `decode`.
  virtual void fail(std::string message) = 0;
  // The records that could not be decoded, of all that was added so far.
  virtual const std::vector<FailedRecord>& failed() const = 0;
  // A record that fails never takes its neighbours along. Errors: internal or external only.
  virtual Result<BatchResult> finish() = 0;
};

}  // namespace leat::stream
