#include "sink/hdfs/parquet_file.h"

#include <array>
#include <string_view>
#include <utility>

namespace leat::sink {
namespace {

using store::quoted_identifier;
using store::quoted_literal;

// The length of a type with members, UNION(…), at the front of `type`.
size_t length_with_members(std::string_view type) {
  size_t open = 0;
  char quote = 0;
  for (size_t i = 0; i < type.size(); ++i) {
    if (quote != 0) {
      if (type[i] == quote) quote = 0;
    } else if (type[i] == '"' || type[i] == '\'') {
      quote = type[i];
    } else if (type[i] == '(') {
      ++open;
    } else if (type[i] == ')' && --open == 0) {
      return i + 1;
    }
  }
  return type.size();
}

// The type with every part whose values Parquet cannot hold as VARCHAR, also inside structs and
// lists: numbers beyond 64 bits become DOUBLE there, an interval loses its microseconds and may not
// be negative, a time loses its zone, a union becomes a struct. Names of members are quoted, and so
// are never taken for types.
std::string parquet_type(std::string_view type) {
  constexpr std::array<std::string_view, 6> kAsText = {
      "UHUGEINT", "HUGEINT", "BIGNUM", "INTERVAL", "TIME WITH TIME ZONE", "UNION("};
  std::string out;
  char quote = 0;  // inside a name or an enum's value: the character that ends it
  for (size_t i = 0; i < type.size();) {
    if (quote == 0 && (type[i] == '"' || type[i] == '\'')) {
      quote = type[i];
    } else if (type[i] == quote) {
      quote = 0;
    }
    std::string_view word;
    for (const std::string_view name : kAsText) {
      if (quote == 0 && word.empty() && type.substr(i).starts_with(name)) word = name;
    }
    if (word.empty()) {
      out += type[i++];
    } else {
      out += "VARCHAR";
      i += word.ends_with('(') ? length_with_members(type.substr(i)) : word.size();
    }
  }
  return out == "\"NULL\"" ? "VARCHAR" : out;
}

}  // namespace

ParquetWriter::ParquetWriter(std::unique_ptr<store::Database> database,
                             std::unique_ptr<store::Connection> connection, std::string compression)
    : database_(std::move(database)),
      connection_(std::move(connection)),
      compression_(std::move(compression)) {}

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::open(std::string compression) {
  LEAT_ASSIGN(auto database, store::Database::open({}, {.threads = 1}));
  LEAT_ASSIGN(auto connection, database->connect());
  return std::unique_ptr<ParquetWriter>(
      new ParquetWriter(std::move(database), std::move(connection), std::move(compression)));
}

Result<void> ParquetWriter::write(const Path& file, const store::RowBatch& rows) {
  std::string list;
  std::vector<size_t> sources;
  for (const store::Column& column : rows.columns) {
    if (!list.empty()) list += ", ";
    list += quoted_identifier(column.name) + " " + parquet_type(column.type);
    sources.push_back(sources.size());
  }
  LEAT_TRY(connection_->run("CREATE OR REPLACE TABLE staged(" + list + ")"));
  if (!staging_) {
    LEAT_ASSIGN(staging_, ChunkStatement::create(*connection_));
  }
  staging_->set_sql("INSERT INTO staged FROM " + staging_->rows(), false);
  for (const store::DataChunk& chunk : rows.chunks) staging_->add(chunk.get(), sources);
  LEAT_TRY(staging_->execute());
  LEAT_TRY(copy("FROM staged", file));
  return connection_->run("DROP TABLE staged");
}

Result<void> ParquetWriter::merge(const Path& file, const std::vector<Path>& parts) {
  std::string list;
  for (const Path& part : parts) {
    if (!list.empty()) list += ", ";
    list += quoted_literal(part.string());
  }
  return copy(
      fmt::format("FROM read_parquet([{}], union_by_name = true, hive_partitioning = false)", list),
      file);
}

Result<void> ParquetWriter::copy(const std::string& query, const Path& file) {
  auto copied = connection_->run(fmt::format("COPY ({}) TO {} (FORMAT parquet, COMPRESSION {})",
                                             query, quoted_literal(file.string()), compression_));
  if (!copied) {
    return std::move(copied).error().during(fmt::format("writing {}", file.string()));
  }
  return {};
}

}  // namespace leat::sink
