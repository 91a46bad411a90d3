#include "pipeline/dead_letter/letter_store.h"

#include "base/text/hex_digit.h"

namespace leat::pipeline {
namespace {

using store::quoted_literal;

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS __leat.dead_letters(
  stream VARCHAR, sink VARCHAR, topic VARCHAR, "partition" INTEGER, "offset" BIGINT, "row" BIGINT,
  stage VARCHAR, error VARCHAR, "key" BLOB, "value" BLOB, timestamp_ms BIGINT, failed_at BIGINT,
  write_time BIGINT);
CREATE TABLE IF NOT EXISTS __leat.discarded(
  stream VARCHAR, sink VARCHAR, topic VARCHAR, "partition" INTEGER, "offset" BIGINT, "row" BIGINT,
  because VARCHAR, discarded_at BIGINT);
CREATE TABLE IF NOT EXISTS __leat.redriven(
  stream VARCHAR, sink VARCHAR, topic VARCHAR, "partition" INTEGER, "offset" BIGINT, "row" BIGINT,
  stage VARCHAR, error VARCHAR, "key" BLOB, "value" BLOB, timestamp_ms BIGINT, failed_at BIGINT,
  epoch BIGINT, write_time BIGINT);
)";

// What came with format 3 (StateStore).
constexpr const char* kUpgrade = R"(
ALTER TABLE __leat.dead_letters ADD COLUMN IF NOT EXISTS write_time BIGINT;
ALTER TABLE __leat.redriven ADD COLUMN IF NOT EXISTS write_time BIGINT;
)";

constexpr const char* kInserted =
    R"(stream, sink, topic, "partition", "offset", "row", stage, error,
  "key", "value", timestamp_ms, failed_at, write_time)";

constexpr const char* kColumns = R"(stream, sink, topic, "partition", "offset", "row", stage, error,
  hex("key"), hex("value"), timestamp_ms, failed_at, coalesce(write_time, failed_at), rowid)";

constexpr const char* kOrder = R"(stream, topic, "partition", "offset", "row", sink)";

// StreamLetter::name().
constexpr const char* kName = R"(stream || '/' || topic || '-' || "partition" || '@' || "offset"
  || CASE WHEN sink = '' THEN '' ELSE '/' || sink || '/' || "row" END)";

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

std::string where_of(const LetterFilter& filter) {
  std::string where = "TRUE";
  if (!filter.owner.empty()) where += " AND stream = " + quoted_literal(filter.owner);
  if (!filter.stage.empty()) where += " AND stage = " + quoted_literal(filter.stage);
  if (!filter.error.empty())
    where += fmt::format(" AND contains(error, {})", quoted_literal(filter.error));
  if (filter.names.empty()) return where;
  std::string names;
  for (const auto& name : filter.names) names += (names.empty() ? "" : ", ") + quoted_literal(name);
  return where + fmt::format(" AND {} IN ({})", kName, names);
}

std::string behind(const StreamLetter& letter) {
  return fmt::format(" AND ({}) > ({}, {}, {}::INTEGER, {}::BIGINT, {}::BIGINT, {})", kOrder,
                     quoted_literal(letter.stream), quoted_literal(letter.topic), letter.partition,
                     letter.offset, letter.row, quoted_literal(letter.sink));
}

template <class Letters>
std::string row_ids(const Letters& letters) {
  std::string ids;
  for (const auto& letter : letters)
    ids += fmt::format("{}{}", ids.empty() ? "" : ",", letter.row_id);
  return ids;
}

}  // namespace

std::string LetterStore::tables_sql() { return kTables; }
std::string LetterStore::upgrade_sql() { return kUpgrade; }

Result<void> LetterStore::insert(std::string_view sql, std::span<const StreamLetter> letters) {
  if (letters.empty()) return {};
  LEAT_ASSIGN(auto statement, connection_.prepare(sql));
  for (const auto& letter : letters) {
    statement.bind(1, letter.stream)
        .bind(2, letter.sink)
        .bind(3, letter.topic)
        .bind(4, int64_t{letter.partition})
        .bind(5, letter.offset)
        .bind(6, letter.row)
        .bind(7, letter.stage)
        .bind(8, letter.error)
        .bind(11, letter.timestamp_ms)
        .bind(12, letter.at)
        .bind(13, letter.write_time);
    letter.key ? statement.bind_blob(9, *letter.key) : statement.bind_null(9);
    letter.value ? statement.bind_blob(10, *letter.value) : statement.bind_null(10);
    auto inserted = statement.execute();
    if (!inserted.ok()) return std::move(inserted).error();
  }
  return {};
}

Result<std::vector<StreamLetter>> LetterStore::read(const std::string& sql) {
  LEAT_ASSIGN(auto result, connection_.query(sql));
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
                       .at = std::stoll(row[11].value_or("0")),
                       .write_time = std::stoll(row[12].value_or("0")),
                       .row_id = std::stoll(row[13].value_or("-1"))});
  }
  return letters;
}

Result<void> LetterStore::add(const std::vector<StreamLetter>& letters) {
  return insert(fmt::format("INSERT INTO __leat.dead_letters({}) VALUES ($1, $2, $3, $4, $5, $6, "
                            "$7, $8, $9, $10, $11, $12, $13)",
                            kInserted),
                letters);
}

// By the rows' ids, the bytes of what letters hold.
Result<std::map<int64_t, size_t>> LetterStore::sizes_of(std::span<const StreamLetter> letters) {
  LEAT_ASSIGN(auto result, connection_.query(fmt::format(
                               R"(SELECT rowid, strlen(error) + coalesce(octet_length("key"), 0)
                                         + coalesce(octet_length("value"), 0)
                                  FROM __leat.dead_letters WHERE rowid IN ({}))",
                               row_ids(letters))));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::map<int64_t, size_t> sizes;
  for (const auto& row : rows) sizes[std::stoll(*row[0])] = std::stoull(row[1].value_or("0"));
  return sizes;
}

// First which they are, then how large, so that the bytes of no more than that are read.
Result<std::vector<StreamLetter>> LetterStore::select(const LetterFilter& filter,
                                                      const std::optional<StreamLetter>& after,
                                                      const LetterLimits& limits) {
  LEAT_ASSIGN(auto found,
              connection_.query(fmt::format(
                  "SELECT rowid FROM __leat.dead_letters WHERE {}{} ORDER BY {} LIMIT {}",
                  where_of(filter), after ? behind(*after) : "", kOrder, limits.letters)));
  LEAT_ASSIGN(const auto rows, found.texts());
  std::vector<StreamLetter> chosen(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) chosen[i].row_id = std::stoll(*rows[i][0]);
  if (chosen.empty()) return chosen;
  LEAT_ASSIGN(auto sizes, sizes_of(chosen));
  size_t bytes = 0;
  size_t fit = 0;
  while (fit < chosen.size() && (fit == 0 || bytes + sizes[chosen[fit].row_id] <= limits.bytes)) {
    bytes += sizes[chosen[fit++].row_id];
  }
  chosen.resize(fit);
  return read(fmt::format("SELECT {} FROM __leat.dead_letters WHERE rowid IN ({}) ORDER BY {}",
                          kColumns, row_ids(chosen), kOrder));
}

Result<std::vector<std::string>> LetterStore::streams(const LetterFilter& filter) {
  LEAT_ASSIGN(auto result,
              connection_.query(
                  fmt::format("SELECT DISTINCT stream FROM __leat.dead_letters WHERE {} ORDER BY 1",
                              where_of(filter))));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<std::string> found;
  for (const auto& row : rows) found.push_back(row[0].value_or(""));
  return found;
}

Result<void> LetterStore::remove(std::span<const StreamLetter> letters) {
  if (letters.empty()) return {};
  LEAT_ASSIGN(auto removed,
              connection_.query(fmt::format("DELETE FROM __leat.dead_letters WHERE rowid IN ({})",
                                            row_ids(letters))));
  if (removed.rows_changed() == letters.size()) return {};
  return internal_error("{} of {} dead letters are gone while they are worked on",
                        letters.size() - removed.rows_changed(), letters.size());
}

Result<void> LetterStore::replace(const std::vector<StreamLetter>& letters) {
  LEAT_TRY(remove(letters));
  return add(letters);
}

Result<std::map<std::string, int64_t>> LetterStore::discard(const LetterFilter& filter,
                                                            const std::string& because,
                                                            Micros now) {
  const std::string where = where_of(filter);
  LEAT_ASSIGN(auto counted,
              connection_.query(fmt::format(
                  "SELECT sink, count(*) FROM __leat.dead_letters WHERE {} GROUP BY 1", where)));
  LEAT_ASSIGN(const auto rows, counted.texts());
  std::map<std::string, int64_t> discarded;
  for (const auto& row : rows) discarded[row[0].value_or("")] = std::stoll(*row[1]);
  LEAT_TRY(connection_.run(fmt::format(
      R"(INSERT INTO __leat.discarded
         SELECT stream, sink, topic, "partition", "offset", "row", {}, {}
         FROM __leat.dead_letters WHERE {})",
      quoted_literal(because), now, where)));
  LEAT_TRY(connection_.run("DELETE FROM __leat.dead_letters WHERE " + where));
  return discarded;
}

Result<std::vector<DiscardedLetters>> LetterStore::discarded() {
  LEAT_ASSIGN(auto result,
              connection_.query("SELECT stream, because, count(*), max(discarded_at) FROM "
                                "__leat.discarded GROUP BY ALL ORDER BY ALL"));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<DiscardedLetters> found;
  for (const auto& row : rows) {
    found.push_back({.stream = row[0].value_or(""),
                     .because = row[1].value_or(""),
                     .letters = std::stoll(*row[2]),
                     .last = std::stoll(row[3].value_or("0"))});
  }
  return found;
}

Result<std::set<std::pair<int32_t, int64_t>>> LetterStore::records_left_out(
    const std::string& stream, const std::string& topic) {
  std::set<std::pair<int32_t, int64_t>> records;
  LEAT_ASSIGN(auto result, connection_.query(fmt::format(
                               R"(SELECT "partition", "offset" FROM __leat.dead_letters
                     WHERE stream = {0} AND topic = {1} AND sink = ''
                     UNION ALL SELECT "partition", "offset" FROM __leat.discarded
                     WHERE stream = {0} AND topic = {1} AND sink = '')",
                               quoted_literal(stream), quoted_literal(topic))));
  LEAT_ASSIGN(const auto rows, result.texts());
  for (const auto& row : rows) records.emplace(std::stoi(*row[0]), std::stoll(*row[1]));
  return records;
}

Result<void> LetterStore::keep_redriven(uint64_t epoch, std::span<const StreamLetter> letters) {
  return insert(fmt::format("INSERT INTO __leat.redriven({}, epoch) VALUES "
                            "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, {})",
                            kInserted, epoch),
                letters);
}

Result<std::vector<StreamLetter>> LetterStore::redriven(const std::string& stream, uint64_t epoch) {
  return read(
      fmt::format("SELECT {} FROM __leat.redriven WHERE stream = {} AND epoch = {} ORDER BY {}",
                  kColumns, quoted_literal(stream), epoch, kOrder));
}

Result<void> LetterStore::forget_redriven(const std::string& stream, uint64_t epoch) {
  return connection_.run(
      fmt::format(R"(DELETE FROM __leat.redriven WHERE stream = {0} AND epoch = {1} AND NOT EXISTS
                     (FROM __leat.outbox WHERE stream = {0} AND epoch = {1}))",
                  quoted_literal(stream), epoch));
}

}  // namespace leat::pipeline
