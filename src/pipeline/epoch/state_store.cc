#include "pipeline/epoch/state_store.h"

#include "base/uuid.h"
#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/epoch/outbox.h"

namespace leat::pipeline {
namespace {

// Since 2: types, and the outbox names them. Since 3: what deliveries have counted, and write times
// of letters.
constexpr int64_t kFormat = 3;

constexpr const char* kTables = R"(
CREATE SCHEMA IF NOT EXISTS __leat;
CREATE TABLE IF NOT EXISTS __leat.store(id VARCHAR, format BIGINT);
CREATE TABLE IF NOT EXISTS __leat.streams(stream VARCHAR, progress VARCHAR);
CREATE TABLE IF NOT EXISTS __leat.types(stream VARCHAR, types VARCHAR);
)";

Result<void> executed(store::Statement& statement) {
  auto result = statement.execute();
  if (!result.ok()) return std::move(result).error();
  return {};
}

}  // namespace

Result<void> StateStore::recognise() {
  LEAT_ASSIGN(auto listed, connection_.query(R"(
    SELECT count(*) FILTER (schema_name = '__leat' AND table_name = 'store'), count(*)
    FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal)"));
  LEAT_ASSIGN(const auto counts, listed.texts());
  if (counts[0][0] == "0") {
    if (counts[0][1] == "0") return {};
    return user_error("it holds tables that Leat did not make; move it out of the data directory");
  }
  LEAT_ASSIGN(auto result, connection_.query("SELECT coalesce(max(format), 0) FROM __leat.store"));
  LEAT_ASSIGN(const auto rows, result.texts());
  if (std::stoll(*rows[0][0]) <= kFormat) return {};
  return coded_error(
      ErrorDomain::kUser, ErrorCode::kUnsupported,
      "it has format {}, and this version knows up to {}: a newer Leat wrote it; use "
      "that one",
      *rows[0][0], kFormat);
}

Result<std::string> StateStore::open() {
  LEAT_TRY(recognise());
  LEAT_TRY(connection_.run_ddl(kTables + LetterStore::tables_sql() + Outbox::tables_sql()));
  LEAT_ASSIGN(auto result, connection_.query("SELECT id, format FROM __leat.store"));
  LEAT_ASSIGN(const auto rows, result.texts());
  if (!rows.empty()) {
    if (std::stoll(rows[0][1].value_or("0")) < kFormat) {
      // Statement by statement: who is killed in between begins anew, and the format comes last.
      LEAT_TRY(connection_.run_ddl(LetterStore::upgrade_sql() + Outbox::upgrade_sql()));
      LEAT_TRY(connection_.run(fmt::format("UPDATE __leat.store SET format = {}", kFormat)));
    }
    return *rows[0][0];
  }
  const std::string id = random_uuid();
  LEAT_ASSIGN(auto insert, connection_.prepare("INSERT INTO __leat.store VALUES ($1, $2)"));
  insert.bind(1, id).bind(2, kFormat);
  LEAT_TRY(executed(insert));
  return id;
}

Result<void> StateStore::keep_plans() {
  LEAT_ASSIGN(progress_text_, store::TextFunction::create("__leat_progress", connection_));
  return {};
}

Result<std::optional<StreamProgress>> StateStore::load_progress(const std::string& stream) {
  LEAT_ASSIGN(auto select,
              connection_.prepare("SELECT progress FROM __leat.streams WHERE stream = $1"));
  select.bind(1, stream);
  LEAT_ASSIGN(auto result, select.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  if (rows.empty()) return std::optional<StreamProgress>();
  LEAT_ASSIGN(auto progress, StreamProgress::from_json(rows[0][0].value_or("")));
  return std::optional<StreamProgress>(std::move(progress));
}

Result<void> StateStore::save_progress(const std::string& stream, const StreamProgress& progress) {
  const std::string json = progress.to_json();
  if (progress_text_) progress_text_->set(json);
  const std::string sql =
      fmt::format("UPDATE __leat.streams SET progress = {} WHERE stream = {}",
                  progress_text_ ? progress_text_->call() : store::quoted_literal(json),
                  store::quoted_literal(stream));
  if (!update_progress_ || update_progress_->sql() != sql)
    update_progress_.emplace(connection_, sql);
  LEAT_ASSIGN(store::Statement * update, update_progress_->get());
  LEAT_ASSIGN(auto result, update->execute());
  if (result.rows_changed() > 0) return {};
  LEAT_ASSIGN(auto insert, connection_.prepare("INSERT INTO __leat.streams VALUES ($1, $2)"));
  insert.bind(1, stream).bind(2, json);
  return executed(insert);
}

Result<codec::TopicSchema> StateStore::load_types(const std::string& stream) {
  LEAT_ASSIGN(auto select, connection_.prepare("SELECT types FROM __leat.types WHERE stream = $1"));
  select.bind(1, stream);
  LEAT_ASSIGN(auto result, select.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  if (rows.empty()) return codec::TopicSchema{};
  return codec::TopicSchema::from_json(rows[0][0].value_or(""));
}

Result<void> StateStore::save_types(const std::string& stream, const codec::TopicSchema& types) {
  const std::string json = types.to_json();
  LEAT_ASSIGN(auto update,
              connection_.prepare("UPDATE __leat.types SET types = $2 WHERE stream = $1"));
  update.bind(1, stream).bind(2, json);
  LEAT_ASSIGN(auto result, update.execute());
  if (result.rows_changed() > 0) return {};
  LEAT_ASSIGN(auto insert, connection_.prepare("INSERT INTO __leat.types VALUES ($1, $2)"));
  insert.bind(1, stream).bind(2, json);
  return executed(insert);
}

Result<std::vector<std::string>> StateStore::load_streams() {
  LEAT_ASSIGN(auto result,
              connection_.query("SELECT stream FROM __leat.streams UNION SELECT stream FROM "
                                "__leat.outbox ORDER BY stream"));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<std::string> streams;
  for (const auto& row : rows) streams.push_back(row[0].value_or(""));
  return streams;
}

}  // namespace leat::pipeline
