#include "pipeline/epoch/outbox.h"

#include <nlohmann/json.hpp>

#include "pipeline/dead_letter/letter_store.h"

namespace leat::pipeline {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS __leat.outbox(
  stream VARCHAR, epoch BIGINT, sink VARCHAR, entry VARCHAR, query_hash VARCHAR, bytes BIGINT);
CREATE TABLE IF NOT EXISTS __leat.deliveries(
  stream VARCHAR, sink VARCHAR, emitted BIGINT, delivered BIGINT, dead_lettered BIGINT);
)";

constexpr const char* kUpgrade = R"sql(
ALTER TABLE __leat.outbox ADD COLUMN IF NOT EXISTS query_hash VARCHAR;
ALTER TABLE __leat.outbox ADD COLUMN IF NOT EXISTS bytes BIGINT;
UPDATE __leat.outbox SET query_hash = regexp_extract(entry, '"query_hash":"([^"]*)"', 1)
  WHERE query_hash IS NULL;
)sql";

nlohmann::json json_of(const Offsets& offsets) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [partition, offset] : offsets) json[std::to_string(partition)] = offset;
  return json;
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

}  // namespace

std::string Outbox::tables_sql() { return kTables; }
std::string Outbox::upgrade_sql() { return kUpgrade; }

Result<std::vector<OutboxPart>> Outbox::parts(const std::string& stream) {
  LEAT_ASSIGN(auto result, connection_.query(fmt::format(
                               R"(SELECT sink, query_hash, min(epoch), count(*),
                                         coalesce(sum(bytes), 0)::BIGINT
                                  FROM __leat.outbox WHERE stream = {} GROUP BY 1, 2 ORDER BY 1, 2)",
                               store::quoted_literal(stream))));
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<OutboxPart> parts;
  for (const auto& row : rows) {
    parts.push_back({.sink = row[0].value_or(""),
                     .query_hash = row[1].value_or(""),
                     .first_epoch = std::stoull(row[2].value_or("0")),
                     .entries = std::stoll(row[3].value_or("0")),
                     .bytes = std::stoll(row[4].value_or("0"))});
  }
  return parts;
}

Result<std::vector<OutboxEntry>> Outbox::load(const std::string& stream) {
  LEAT_ASSIGN(auto select,
              connection_.prepare("SELECT epoch, sink, entry, query_hash, coalesce(bytes, 0) "
                                  "FROM __leat.outbox WHERE stream = $1 ORDER BY epoch, sink"));
  select.bind(1, stream);
  return read(stream, std::move(select));
}

Result<std::vector<OutboxEntry>> Outbox::load(const std::string& stream, const std::string& sink,
                                              size_t limit) {
  LEAT_ASSIGN(auto select,
              connection_.prepare(fmt::format(
                  "SELECT epoch, sink, entry, query_hash, coalesce(bytes, 0) FROM __leat.outbox "
                  "WHERE stream = $1 AND sink = $2 ORDER BY epoch LIMIT {}",
                  limit)));
  select.bind(1, stream).bind(2, sink);
  return read(stream, std::move(select));
}

Result<std::vector<OutboxEntry>> Outbox::read(const std::string& stream, store::Statement select) {
  LEAT_ASSIGN(auto result, select.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  std::vector<OutboxEntry> entries;
  try {
    for (const auto& row : rows) {
      const auto json = nlohmann::json::parse(row[2].value_or(""));
      if (!json.contains("types")) {
        return user_error(
            "epoch {} of the stream {} waits for the target {} since an older Leat ran: run that "
            "one once more, or start the stream anew with --fresh",
            *row[0], stream, *row[1]);
      }
      LEAT_ASSIGN(auto types, codec::TopicSchema::from_json(json.at("types").dump()));
      const bool redriven = json.value("redriven", false);
      std::string topic_id;
      nlohmann::json spans = json;  // of format 2: without the topic
      if (json.contains("topics")) {
        for (const auto& [id, of_topic] : json.at("topics").items()) {
          topic_id = id;
          spans = of_topic;
        }
      }
      entries.push_back({.epoch = std::stoull(*row[0]),
                         .topic_id = std::move(topic_id),
                         .from = redriven ? Offsets() : offsets_of(spans.at("from")),
                         .to = redriven ? Offsets() : offsets_of(spans.at("to")),
                         .redriven = redriven,
                         .types = std::move(types),
                         .query_hash = row[3].value_or(""),
                         .now = json.at("now").get<int64_t>(),
                         .write_time = json.at("write_time").get<int64_t>(),
                         .sink = *row[1],
                         .bytes = std::stoll(row[4].value_or("0"))});
    }
  } catch (const std::exception& error) {
    return internal_error("unreadable outbox of the stream {}: {}", stream, error.what());
  }
  return entries;
}

Result<void> Outbox::add(const std::string& stream, const OutboxEntry& entry) {
  nlohmann::json json{{"types", nlohmann::ordered_json::parse(entry.types.to_json())},
                      {"now", entry.now},
                      {"write_time", entry.write_time}};
  if (entry.redriven) {
    json["redriven"] = true;
  } else {
    json["topics"] = {{entry.topic_id, {{"from", json_of(entry.from)}, {"to", json_of(entry.to)}}}};
  }
  LEAT_ASSIGN(auto insert, connection_.prepare(
                               "INSERT INTO __leat.outbox(stream, epoch, sink, entry, query_hash, "
                               "bytes) VALUES ($1, $2, $3, $4, $5, $6)"));
  insert.bind(1, stream)
      .bind(2, static_cast<int64_t>(entry.epoch))
      .bind(3, entry.sink)
      .bind(4, json.dump())
      .bind(5, entry.query_hash)
      .bind(6, entry.bytes);
  return executed(insert);
}

Result<void> Outbox::remove(const std::string& stream, const OutboxEntry& entry) {
  LEAT_ASSIGN(auto remove,
              connection_.prepare(
                  "DELETE FROM __leat.outbox WHERE stream = $1 AND epoch = $2 AND sink = $3"));
  remove.bind(1, stream).bind(2, static_cast<int64_t>(entry.epoch)).bind(3, entry.sink);
  LEAT_TRY(executed(remove));
  return entry.redriven ? LetterStore(connection_).forget_redriven(stream, entry.epoch)
                        : Result<void>();
}

Result<void> Outbox::clear(const std::string& stream, const std::string& sink) {
  return connection_.run(fmt::format("DELETE FROM __leat.outbox WHERE stream = {} AND sink = {}",
                                     store::quoted_literal(stream), store::quoted_literal(sink)));
}

Result<void> Outbox::forget_letters(const std::string& stream) {
  return connection_.run(fmt::format(
      R"(DELETE FROM __leat.redriven WHERE stream = {0} AND epoch NOT IN
           (SELECT epoch FROM __leat.outbox WHERE stream = {0}))",
      store::quoted_literal(stream)));
}

Result<std::map<std::string, SinkCounts>> Outbox::load_counts(const std::string& stream) {
  LEAT_ASSIGN(auto select,
              connection_.prepare("SELECT sink, emitted, delivered, dead_lettered FROM "
                                  "__leat.deliveries WHERE stream = $1"));
  select.bind(1, stream);
  LEAT_ASSIGN(auto result, select.execute());
  LEAT_ASSIGN(const auto rows, result.texts());
  std::map<std::string, SinkCounts> counts;
  for (const auto& row : rows) {
    counts[row[0].value_or("")] = {.emitted = std::stoll(row[1].value_or("0")),
                                   .delivered = std::stoll(row[2].value_or("0")),
                                   .dead_lettered = std::stoll(row[3].value_or("0"))};
  }
  return counts;
}

Result<void> Outbox::save_counts(const std::string& stream, const std::string& sink,
                                 const SinkCounts& counts) {
  const auto bound = [&](store::Statement& statement) -> store::Statement& {
    return statement.bind(1, stream)
        .bind(2, sink)
        .bind(3, counts.emitted)
        .bind(4, counts.delivered)
        .bind(5, counts.dead_lettered);
  };
  LEAT_ASSIGN(auto update,
              connection_.prepare("UPDATE __leat.deliveries SET emitted = $3, delivered = $4, "
                                  "dead_lettered = $5 WHERE stream = $1 AND sink = $2"));
  LEAT_ASSIGN(auto result, bound(update).execute());
  if (result.rows_changed() > 0) return {};
  LEAT_ASSIGN(auto insert,
              connection_.prepare("INSERT INTO __leat.deliveries VALUES ($1, $2, $3, $4, $5)"));
  return executed(bound(insert));
}

}  // namespace leat::pipeline
