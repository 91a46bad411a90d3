#include "store/metadata/run_rows.h"

#include <utility>

namespace leat::store {
namespace {

constexpr std::string_view kRunColumns =
    "pipeline, run_id, run_type, state, logical_date, data_interval_start, data_interval_end, "
    "queued_at, start_date, end_date, file_hash, baseline, counts, error";

// The number of a run whose pipeline is ?1 and whose id is ?2.
constexpr std::string_view kNumber =
    "(SELECT number FROM runs WHERE pipeline = ?1 AND run_id = ?2)";

void bind_optional(SqliteStatement& statement, int index, std::optional<Micros> value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind_null(index);
  }
}

std::optional<Micros> optional_at(const SqliteStatement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

// "('queued', 'running')": those from which `to` may follow.
template <class State>
std::string before(State to) {
  std::string list;
  for (const State from : states_before(to)) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", to_string(from));
  }
  return "(" + list + ")";
}

Error unreadable(std::string_view what, std::string_view text) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                     "meta.db holds a run whose {} is `{}`; run `leat repair`", what, text);
}

Result<Run> run_of(const SqliteStatement& row) {
  const auto type = run_type_of(row.text(2));
  if (!type) return unreadable("run_type", row.text(2));
  const auto state = run_state_of(row.text(3));
  if (!state) return unreadable("state", row.text(3));
  return Run{.name = {.pipeline = row.text(0), .id = row.text(1)},
             .type = *type,
             .state = *state,
             .logical_date = optional_at(row, 4),
             .interval_start = optional_at(row, 5),
             .interval_end = optional_at(row, 6),
             .queued = row.integer(7),
             .started = optional_at(row, 8),
             .ended = optional_at(row, 9),
             .file_hash = row.text(10),
             .baseline = row.text(11),
             .counts = row.text(12),
             .error = row.text(13)};
}

Result<bool> is_taken(SqliteDatabase& database, const RunName& name) {
  LEAT_ASSIGN(auto statement,
              database.prepare("SELECT 1 FROM runs WHERE pipeline = ?1 AND run_id = ?2"));
  return statement.bind(1, name.pipeline).bind(2, name.id).step();
}

Result<void> name_anew(SqliteDatabase& database, RunName& name) {
  const std::string wanted = name.id;
  for (int number = 2;; ++number) {
    LEAT_ASSIGN(const bool taken, is_taken(database, name));
    if (!taken) return {};
    name.id = fmt::format("{}__{}", wanted, number);
  }
}

Result<void> insert(SqliteDatabase& database, const Run& run) {
  LEAT_ASSIGN(auto statement,
              database.prepare(fmt::format("INSERT INTO runs({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                                           "?7, ?8, NULL, NULL, ?9, ?10, '', '')",
                                           kRunColumns)));
  statement.bind(1, run.name.pipeline)
      .bind(2, run.name.id)
      .bind(3, to_string(run.type))
      .bind(4, to_string(run.state));
  bind_optional(statement, 5, run.logical_date);
  bind_optional(statement, 6, run.interval_start);
  bind_optional(statement, 7, run.interval_end);
  return statement.bind(8, run.queued).bind(9, run.file_hash).bind(10, run.baseline).run();
}

// One statement that changes the run, whose name are ?1 and ?2, and gives a row if it did.
Result<void> must_change(SqliteStatement statement, const RunName& name, std::string_view what,
                         const char* state) {
  LEAT_ASSIGN(const bool changed, statement.bind(1, name.pipeline).bind(2, name.id).step());
  if (changed) return statement.run();
  return internal_error("{} of the run {} of the pipeline {} cannot become {}", what, name.id,
                        name.pipeline, state);
}

Result<void> end_run(SqliteDatabase& database, const RunName& name, RunState to,
                     std::string_view counts_json, std::string_view error, Micros now) {
  LEAT_ASSIGN(auto statement,
              database.prepare(fmt::format("UPDATE runs SET state = ?3, counts = ?4, error = ?5, "
                                           "end_date = ?6 WHERE pipeline = ?1 AND run_id = ?2 AND "
                                           "state IN {} RETURNING 1",
                                           before(to))));
  statement.bind(3, to_string(to)).bind(4, counts_json).bind(5, error);
  bind_optional(statement, 6, is_final(to) ? std::optional(now) : std::nullopt);
  return must_change(std::move(statement), name, "the state", to_string(to));
}

}  // namespace

// The words are those of the index: a long history is not gone through at each start.
Result<void> RunRows::resolve_interrupted(Micros now) {
  constexpr std::string_view kRunning = "state IN ('queued', 'running') AND state = 'running'";
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    {
      LEAT_ASSIGN(auto attempts,
                  database.prepare(fmt::format(
                      "UPDATE task_instances SET state = 'restarting', end_date = ?1, "
                      "error = 'its process has ended' WHERE state = 'running' AND run IN "
                      "(SELECT number FROM runs WHERE {})",
                      kRunning)));
      LEAT_TRY(attempts.bind(1, now).run());
    }
    return database.run(fmt::format("UPDATE runs SET state = 'queued' WHERE {}", kRunning));
  });
}

Result<Run> RunRows::add(Run run, Micros now, const std::optional<RunName>& given_up) {
  run.state = RunState::kQueued;
  run.queued = now;
  LEAT_TRY(file_.change([&](SqliteDatabase& database) -> Result<void> {
    if (given_up) {
      LEAT_TRY(end_run(database, *given_up, RunState::kFailed, "", "it was given up", now));
    }
    LEAT_TRY(name_anew(database, run.name));
    return insert(database, run);
  }));
  return run;
}

Result<void> RunRows::begin(const RunName& name, Micros now) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    {
      LEAT_ASSIGN(auto attempts,
                  database.prepare(fmt::format("DELETE FROM task_instances WHERE run = {} AND "
                                               "state = 'upstream_failed'",
                                               kNumber)));
      LEAT_TRY(attempts.bind(1, name.pipeline).bind(2, name.id).run());
    }
    LEAT_ASSIGN(auto statement,
                database.prepare(fmt::format(
                    "UPDATE runs SET state = 'running', start_date = COALESCE(start_date, ?3) "
                    "WHERE pipeline = ?1 AND run_id = ?2 AND state IN {} RETURNING 1",
                    before(RunState::kRunning))));
    statement.bind(3, now);
    return must_change(std::move(statement), name, "the state", "running");
  });
}

Result<void> RunRows::end(const RunName& name, RunState to, std::string_view counts_json,
                          std::string_view error, Micros now) {
  return file_.change([&](SqliteDatabase& database) {
    return end_run(database, name, to, counts_json, error, now);
  });
}

Result<void> RunRows::queue_again(const RunName& name) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    LEAT_ASSIGN(auto statement,
                database.prepare("UPDATE runs SET state = 'queued', end_date = NULL, counts = '', "
                                 "error = '' WHERE pipeline = ?1 AND run_id = ?2 AND "
                                 "state = 'failed' RETURNING 1"));
    return must_change(std::move(statement), name, "the state", "queued");
  });
}

Result<void> RunRows::take_dates_after(const std::string& pipeline, Micros logical_date,
                                       Micros now) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    LEAT_ASSIGN(auto failing,
                database.prepare("UPDATE runs SET state = 'failed', end_date = ?3, "
                                 "error = 'the clock was ahead' WHERE pipeline = ?1 AND "
                                 "run_type = 'scheduled' AND logical_date > ?2 AND "
                                 "state = 'queued'"));
    LEAT_TRY(failing.bind(1, pipeline).bind(2, logical_date).bind(3, now).run());
    LEAT_ASSIGN(auto taking,
                database.prepare("UPDATE runs SET logical_date = NULL WHERE pipeline = ?1 AND "
                                 "run_type = 'scheduled' AND logical_date > ?2"));
    return taking.bind(1, pipeline).bind(2, logical_date).run();
  });
}

Result<bool> RunRows::knows(const RunName& name) {
  const std::lock_guard lock(file_.mutex);
  return is_taken(file_.database, name);
}

Result<std::vector<Run>> RunRows::select(std::string_view where, std::string_view text,
                                         std::string_view other, int64_t limit) {
  const std::lock_guard lock(file_.mutex);
  LEAT_ASSIGN(auto statement, file_.database.prepare(fmt::format("SELECT {} FROM runs {} LIMIT ?3",
                                                                 kRunColumns, where)));
  statement.bind(1, text).bind(2, other).bind(3, limit);
  std::vector<Run> runs;
  while (true) {
    LEAT_ASSIGN(const bool more, statement.step());
    if (!more) return runs;
    LEAT_ASSIGN(auto run, run_of(statement));
    runs.push_back(std::move(run));
  }
}

Result<std::optional<Run>> RunRows::latest(const std::string& pipeline, RunType type) {
  LEAT_ASSIGN(auto runs, select("WHERE pipeline = ?1 AND run_type = ?2 ORDER BY number DESC",
                                pipeline, to_string(type), 1));
  if (runs.empty()) return std::optional<Run>();
  return std::optional<Run>(std::move(runs[0]));
}

Result<std::optional<Run>> RunRows::latest_by_date(const std::string& pipeline) {
  LEAT_ASSIGN(auto runs, select("WHERE pipeline = ?1 AND run_type = 'scheduled' AND ?2 = '' AND "
                                "logical_date IS NOT NULL ORDER BY logical_date DESC",
                                pipeline, {}, 1));
  if (runs.empty()) return std::optional<Run>();
  return std::optional<Run>(std::move(runs[0]));
}

Result<std::vector<Run>> RunRows::open_runs(const std::string& pipeline) {
  return select(
      "WHERE pipeline = ?1 AND ?2 = '' AND state IN ('queued', 'running') ORDER BY number",
      pipeline);
}

Result<std::vector<Run>> RunRows::list(size_t limit) {
  return select("WHERE ?1 = ?2 ORDER BY number DESC", {}, {}, static_cast<int64_t>(limit));
}

Result<void> RunRows::remove_old(const std::string& pipeline, int64_t kept) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    for (const RunType type : {RunType::kManual, RunType::kScheduled}) {
      LEAT_ASSIGN(auto statement,
                  database.prepare("DELETE FROM runs WHERE pipeline = ?1 AND run_type = ?2 AND "
                                   "state IN ('success', 'failed') AND number <= (SELECT number "
                                   "FROM runs WHERE pipeline = ?1 AND run_type = ?2 "
                                   "ORDER BY number DESC LIMIT 1 OFFSET ?3)"));
      LEAT_TRY(statement.bind(1, pipeline).bind(2, to_string(type)).bind(3, kept).run());
    }
    return {};
  });
}

Result<std::vector<TaskAttempt>> RunRows::attempts(const RunName& name) {
  const std::lock_guard lock(file_.mutex);
  LEAT_ASSIGN(auto statement,
              file_.database.prepare(fmt::format(
                  "SELECT task_id, attempt, state, start_date, end_date, fetched, produced, "
                  "dead_lettered, error FROM task_instances WHERE run = {} "
                  "ORDER BY task_id, attempt",
                  kNumber)));
  statement.bind(1, name.pipeline).bind(2, name.id);
  std::vector<TaskAttempt> attempts;
  while (true) {
    LEAT_ASSIGN(const bool more, statement.step());
    if (!more) return attempts;
    const auto state = task_state_of(statement.text(2));
    if (!state) return unreadable("task's state", statement.text(2));
    attempts.push_back({.task = statement.text(0),
                        .attempt = static_cast<int>(statement.integer(1)),
                        .state = *state,
                        .started = statement.integer(3),
                        .ended = optional_at(statement, 4),
                        .fetched = statement.integer(5),
                        .produced = statement.integer(6),
                        .dead_lettered = statement.integer(7),
                        .error = statement.text(8)});
  }
}

Result<void> RunRows::add_attempt(const RunName& name, const TaskAttempt& attempt) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    LEAT_ASSIGN(auto statement,
                database.prepare(fmt::format(
                    "INSERT INTO task_instances(run, task_id, attempt, state, start_date, "
                    "end_date, error) SELECT {}, ?3, ?4, ?5, ?6, ?7, ?8 RETURNING 1",
                    kNumber)));
    statement.bind(3, attempt.task)
        .bind(4, static_cast<int64_t>(attempt.attempt))
        .bind(5, to_string(attempt.state))
        .bind(6, attempt.started);
    bind_optional(statement, 7, attempt.ended);
    statement.bind(8, attempt.error);
    return must_change(std::move(statement), name, "the task " + attempt.task,
                       to_string(attempt.state));
  });
}

Result<void> RunRows::end_attempt(const RunName& name, const TaskAttempt& attempt) {
  return file_.change([&](SqliteDatabase& database) -> Result<void> {
    LEAT_ASSIGN(auto statement,
                database.prepare(fmt::format(
                    "UPDATE task_instances SET state = ?5, end_date = ?6, fetched = ?7, "
                    "produced = ?8, dead_lettered = ?9, error = ?10 WHERE run = {} AND "
                    "task_id = ?3 AND attempt = ?4 AND state IN {} RETURNING 1",
                    kNumber, before(attempt.state))));
    statement.bind(3, attempt.task)
        .bind(4, static_cast<int64_t>(attempt.attempt))
        .bind(5, to_string(attempt.state));
    bind_optional(statement, 6, attempt.ended);
    statement.bind(7, attempt.fetched)
        .bind(8, attempt.produced)
        .bind(9, attempt.dead_lettered)
        .bind(10, attempt.error);
    return must_change(std::move(statement), name, "the task " + attempt.task,
                       to_string(attempt.state));
  });
}

}  // namespace leat::store
