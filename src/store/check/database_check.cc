#include "store/check/database_check.h"

#include <charconv>
#include <optional>

#include "store/database.h"

namespace leat::store {
namespace {

// What DuckDB says.
std::string reason(const Error& error) {
  constexpr std::string_view kDamaged = " is damaged: ";
  std::string text = without_repair_hint(error);
  if (const size_t mark = text.find(kDamaged); mark != std::string::npos) {
    text.erase(0, mark + kDamaged.size());
  }
  return text;
}

Result<void> read_every_row(const Path& file) {
  LEAT_ASSIGN(const auto database, Database::open(file, {.read_only = true}));
  LEAT_ASSIGN(const auto connection, database->connect());
  LEAT_ASSIGN(auto listed, connection->query("SELECT database_name, schema_name, table_name FROM "
                                             "duckdb_tables() WHERE NOT internal"));
  LEAT_ASSIGN(const auto tables, listed.texts());
  for (const auto& table : tables) {
    // The hash of a row needs all of its columns.
    LEAT_ASSIGN(const auto read,
                connection->query(fmt::format(
                    "SELECT max(hash(each)) FROM {}.{}.{} AS each", quoted_identifier(*table[0]),
                    quoted_identifier(*table[1]), quoted_identifier(*table[2]))));
  }
  return {};
}

// Where a write-ahead log cannot be read any more: "… entry at byte position 4990 …". 0 where
// DuckDB does not say. None: the error is not of the write-ahead log.
std::optional<uint64_t> wal_damaged_at(const Error& error) {
  constexpr std::string_view kMark = "byte position ";
  const std::string& text = error.message();
  if (text.find("replaying WAL file") == std::string::npos) return std::nullopt;
  uint64_t position = 0;
  if (const size_t mark = text.find(kMark); mark != std::string::npos) {
    std::from_chars(text.data() + mark + kMark.size(), text.data() + text.size(), position);
  }
  return position;
}

// Cuts the file at `position`; returns the file that holds the rest.
Result<Path> cut_off(FileSystem& files, const Path& path, uint64_t position,
                     const std::string& stamp) {
  if (position == 0) return set_aside(files, path, stamp);
  LEAT_ASSIGN(const std::string content, files.read_file(path));
  LEAT_ASSIGN(const Path rest, aside_name(files, path, stamp));
  {
    LEAT_ASSIGN(const auto copy, files.open(rest, OpenMode::kCreateNew));
    LEAT_TRY(copy->write_at(0, as_bytes(std::string_view(content).substr(position))));
    LEAT_TRY(copy->sync());
    LEAT_TRY(files.sync_directory(path.parent_path()));
  }
  LEAT_ASSIGN(const auto file, files.open(path, OpenMode::kReadWrite));
  LEAT_TRY(file->truncate(position));
  LEAT_TRY(file->sync());
  return rest;
}

Result<std::vector<Path>> mend_wal(FileSystem& files, const Path& file, uint64_t position,
                                   const std::string& stamp) {
  const Path wal = wal_of(file);
  std::vector<Path> kept;
  while (true) {
    LEAT_ASSIGN(Path rest, cut_off(files, wal, position, stamp));
    kept.push_back(std::move(rest));
    const auto readable = read_every_row(file);
    if (readable.ok() || position == 0) break;
    const auto next = wal_damaged_at(readable.error());
    if (!next) break;
    position = *next < position ? *next : 0;
  }
  return kept;
}

Damage damaged_wal(FileSystem& files, const Path& file, uint64_t size, uint64_t position,
                   const Error& error, const std::string& stamp) {
  const std::string cut =
      position == 0 ? fmt::format("sets all of it aside ({} bytes)", size)
                    : fmt::format("cuts it at byte {}; the {} bytes behind go into a file beside",
                                  position, size - std::min(position, size));
  return {
      .file = wal_of(file),
      .what = "the write-ahead log is damaged: " + reason(error),
      .remedy = cut +
                ". Tables and offsets go back to before, together, and the next run reads "
                "the records since then again from the topics",
      .loss = "rows whose records retention has removed from the topics",
      .mend = [&files, file, position, stamp] { return mend_wal(files, file, position, stamp); }};
}

Damage damaged_file(FileSystem& files, const Path& file, const Error& error,
                    const std::string& stamp) {
  return {.file = file,
          .what = "the database is damaged: " + reason(error),
          .remedy = "sets it aside; the next run makes its tables anew from the topics",
          .loss =
              "rows whose records retention has removed from the topics, or that a stream with "
              "`from: latest` has passed; redriven dead letters, as far as they fail again",
          .mend = [&files, file, stamp]() -> Result<std::vector<Path>> {
            std::vector<Path> kept;
            LEAT_ASSIGN(Path aside, set_aside(files, file, stamp));
            kept.push_back(std::move(aside));
            LEAT_ASSIGN(const bool has_wal, files.exists(wal_of(file)));
            if (has_wal) {
              LEAT_ASSIGN(aside, set_aside(files, wal_of(file), stamp));
              kept.push_back(std::move(aside));
            }
            return kept;
          }};
}

}  // namespace

Result<CheckReport> check_database(FileSystem& files, const Path& file, const std::string& stamp) {
  CheckReport report;
  auto readable = read_every_row(file);
  if (readable.ok()) return report;
  const Error& error = readable.error();
  if (error.code() != ErrorCode::kCorrupt) return std::move(readable).error();
  if (const auto position = wal_damaged_at(error)) {
    LEAT_ASSIGN(const auto wal, files.open(wal_of(file), OpenMode::kRead));
    LEAT_ASSIGN(const uint64_t size, wal->size());
    report.damages.push_back(damaged_wal(files, file, size, *position, error, stamp));
  } else {
    report.damages.push_back(damaged_file(files, file, error, stamp));
  }
  return report;
}

}  // namespace leat::store
