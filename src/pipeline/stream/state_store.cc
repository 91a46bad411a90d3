#include "pipeline/stream/state_store.h"

#include <nlohmann/json.hpp>

#include "base/text/hex_digit.h"
#include "base/uuid.h"

namespace leat::pipeline {
namespace {

constexpr int64_t kFormat = 1;

constexpr const char* kTables = R"(
CREATE SCHEMA IF NOT EXISTS __leat;
CREATE TABLE IF NOT EXISTS __leat.store(id VARCHAR, format BIGINT);
CREATE TABLE IF NOT EXISTS __leat.streams(stream VARCHAR, progress VARCHAR);
CREATE TABLE IF NOT EXISTS __leat.outbox(stream VARCHAR, epoch BIGINT, sink VARCHAR, entry VARCHAR);
CREATE TABLE IF NOT EXISTS __leat.dead_letters(
  stream VARCHAR, sink VARCHAR, topic VARCHAR, "partition" INTEGER, "offset" BIGINT, "row" BIGINT,
  stage VARCHAR, error VARCHAR, "key" BLOB, "value" BLOB, timestamp_ms BIGINT, failed_at BIGINT);
)";

std::string offsets_text(const Offsets& offsets) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [partition, offset] : offsets) json[std::to_string(partition)] = offset;
  return json.dump();
}

Offsets offsets_of(const nlohmann::json& json) {
  Offsets offsets;
  for (const auto& [partition, offset] : json.items()) {
    offsets[std::stoi(partition)] = offset.get<int64_t>();
  }
  return offsets;
}

Result<void> executed(store::Statement& statement) {
  auto result = statement.execute();
  if (!result.ok()) return std::move(result).error();
  return {};
}

// DuckDB writes a BLOB as text with \xNN for every byte that is not printable ASCII; hex() is
// plainer to read back.
std::optional<std::string> from_hex(const std::optional<std::string>& hex) {
  if (!hex) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex->size() / 2);
  for (size_t i = 0; i + 1 < hex->size(); i += 2) {
    bytes += static_cast<char>(hex_digit((*hex)[i]) * 16 + hex_digit((*hex)[i + 1]));
  }
  return bytes;
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
  LEAT_TRY(connection_.run_ddl(kTables));
  LEAT_ASSIGN(auto result, connection_.query("SELECT id FROM __leat.store"));
  LEAT_ASSIGN(const auto rows, result.texts());
  if (!rows.empty()) return *rows[0][0];
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

Result<std::vector<std::string>> StateStore::load_streams() {
  LEAT_ASSIGN(auto result,
              connection_.query("SELECT stream FROM __leat.streams UNION SELECT stream FROM "
                                "__leat.outbox ORDER BY stream"));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<std::string> streams;
  for (const auto& row : rows) streams.push_back(row[0].value_or(""));
  return streams;
}

Result<std::vector<OutboxEntry>> StateStore::load_outbox(const std::string& stream) {
  LEAT_ASSIGN(
      auto select,
      connection_.prepare(
          "SELECT epoch, sink, entry FROM __leat.outbox WHERE stream = $1 ORDER BY epoch, sink"));
  select.bind(1, stream);
  LEAT_ASSIGN(auto result, select.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<OutboxEntry> entries;
  try {
    for (const auto& row : rows) {
      const auto json = nlohmann::json::parse(row[2].value_or(""));
      entries.push_back({.epoch = std::stoull(*row[0]),
                         .from = offsets_of(json.at("from")),
                         .to = offsets_of(json.at("to")),
                         .schema_version = json.at("schema_version").get<int>(),
                         .query_hash = json.at("query_hash").get<std::string>(),
                         .now = json.at("now").get<int64_t>(),
                         .write_time = json.at("write_time").get<int64_t>(),
                         .sink = *row[1]});
    }
  } catch (const std::exception& error) {
    return internal_error("unreadable outbox of the stream {}: {}", stream, error.what());
  }
  return entries;
}

Result<void> StateStore::add_outbox(const std::string& stream, const OutboxEntry& entry) {
  const std::string json = nlohmann::json{
      {"from", nlohmann::json::parse(offsets_text(entry.from))},
      {"to", nlohmann::json::parse(offsets_text(entry.to))},
      {"schema_version", entry.schema_version},
      {"query_hash", entry.query_hash},
      {"now", entry.now},
      {"write_time",
       entry.write_time}}.dump();
  LEAT_ASSIGN(auto insert,
              connection_.prepare("INSERT INTO __leat.outbox VALUES ($1, $2, $3, $4)"));
  insert.bind(1, stream)
      .bind(2, static_cast<int64_t>(entry.epoch))
      .bind(3, entry.sink)
      .bind(4, json);
  return executed(insert);
}

Result<void> StateStore::remove_outbox(const std::string& stream, uint64_t epoch,
                                       const std::string& sink) {
  LEAT_ASSIGN(auto remove,
              connection_.prepare(
                  "DELETE FROM __leat.outbox WHERE stream = $1 AND epoch = $2 AND sink = $3"));
  remove.bind(1, stream).bind(2, static_cast<int64_t>(epoch)).bind(3, sink);
  return executed(remove);
}

Result<void> StateStore::add_letters(const std::vector<StreamLetter>& letters) {
  if (letters.empty()) return {};
  LEAT_ASSIGN(auto insert,
              connection_.prepare("INSERT INTO __leat.dead_letters VALUES "
                                  "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"));
  for (const auto& letter : letters) {
    insert.bind(1, letter.stream)
        .bind(2, letter.sink)
        .bind(3, letter.topic)
        .bind(4, int64_t{letter.partition})
        .bind(5, letter.offset)
        .bind(6, letter.row)
        .bind(7, letter.stage)
        .bind(8, letter.error)
        .bind(11, letter.timestamp_ms)
        .bind(12, letter.at);
    letter.key ? insert.bind_blob(9, *letter.key) : insert.bind_null(9);
    letter.value ? insert.bind_blob(10, *letter.value) : insert.bind_null(10);
    LEAT_TRY(executed(insert));
  }
  return {};
}

Result<void> StateStore::replace_letter(const StreamLetter& letter) {
  LEAT_TRY(remove_letter(letter));
  return add_letters({letter});
}

Result<void> StateStore::remove_letter(const StreamLetter& letter) {
  LEAT_ASSIGN(auto remove,
              connection_.prepare(R"(DELETE FROM __leat.dead_letters WHERE stream = $1 AND sink = $2
                 AND topic = $3 AND "partition" = $4 AND "offset" = $5 AND "row" = $6)"));
  remove.bind(1, letter.stream)
      .bind(2, letter.sink)
      .bind(3, letter.topic)
      .bind(4, int64_t{letter.partition})
      .bind(5, letter.offset)
      .bind(6, letter.row);
  return executed(remove);
}

Result<std::vector<StreamLetter>> StateStore::load_letters() {
  LEAT_ASSIGN(auto result, connection_.query(R"(
    SELECT stream, sink, topic, "partition", "offset", "row", stage, error, hex("key"), hex("value"),
           timestamp_ms, failed_at
    FROM __leat.dead_letters ORDER BY stream, topic, "partition", "offset", "row", sink)"));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<StreamLetter> letters;
  letters.reserve(rows.size());
  for (const auto& row : rows) {
    letters.push_back({.stream = row[0].value_or(""),
                       .sink = row[1].value_or(""),
                       .topic = row[2].value_or(""),
                       .partition = std::stoi(row[3].value_or("0")),
                       .offset = std::stoll(row[4].value_or("0")),
                       .row = std::stoll(row[5].value_or("0")),
                       .stage = row[6].value_or(""),
                       .error = row[7].value_or(""),
                       .key = from_hex(row[8]),
                       .value = from_hex(row[9]),
                       .timestamp_ms = std::stoll(row[10].value_or("0")),
                       .at = std::stoll(row[11].value_or("0"))});
  }
  return letters;
}

Result<void> StateStore::forget(const std::string& stream) {
  for (const char* table : {"streams", "outbox", "dead_letters"}) {
    LEAT_ASSIGN(auto remove,
                connection_.prepare(fmt::format("DELETE FROM __leat.{} WHERE stream = $1", table)));
    remove.bind(1, stream);
    LEAT_TRY(executed(remove));
  }
  return {};
}

}  // namespace leat::pipeline
