#include "pipeline/topic_schemas.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "log/latest_by_key.h"

namespace leat::pipeline {
namespace {

constexpr int kFormatVersion = 1;

std::string to_json(const SchemaVersion& version) {
  nlohmann::json from = nlohmann::json::object();
  for (const auto& [partition, offset] : version.from) from[std::to_string(partition)] = offset;
  return nlohmann::json{{"format", kFormatVersion},
                        {"version", version.version},
                        {"from", from},
                        {"schema", nlohmann::json::parse(version.schema.to_json())}}
      .dump();
}

Result<SchemaVersion> from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("format").get<int>() > kFormatVersion) {
      return user_error("{} was written by a newer Leat; use that one", kSchemasTopic);
    }
    SchemaVersion version{.version = json.at("version").get<int>(), .schema = {}, .from = {}};
    LEAT_ASSIGN(version.schema, codec::TopicSchema::from_json(json.at("schema").dump()));
    for (const auto& [partition, offset] : json.at("from").items()) {
      version.from[std::stoi(partition)] = offset.get<int64_t>();
    }
    return version;
  } catch (const std::exception& error) {
    return internal_error("unreadable record in {}: {}", kSchemasTopic, error.what());
  }
}

int64_t start_of(const SchemaVersion& version, int32_t partition) {
  const auto found = version.from.find(partition);
  return found == version.from.end() ? 0 : found->second;
}

}  // namespace

Result<std::unique_ptr<TopicSchemas>> TopicSchemas::open(log::TopicStore& topics, Clock& clock) {
  LEAT_TRY(topics.ensure_topic(kSchemasTopic, {.cleanup_policy = log::CleanupPolicy::kCompact}));
  LEAT_ASSIGN(auto writer, topics.open_writer("leat-schemas"));
  std::unique_ptr<TopicSchemas> schemas(new TopicSchemas(clock, std::move(writer)));
  LEAT_ASSIGN(const auto records, log::read_latest(topics.reader(), kSchemasTopic));
  for (const auto& [key, value] : records) {
    LEAT_ASSIGN(auto version, from_json(value));
    schemas->versions_[key.substr(0, key.rfind('/'))].push_back(std::move(version));
  }
  for (auto& [topic, versions] : schemas->versions_) {
    std::sort(versions.begin(), versions.end(),
              [](const auto& a, const auto& b) { return a.version < b.version; });
  }
  return schemas;
}

SchemaVersion TopicSchemas::latest(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(topic);
  return found == versions_.end() ? SchemaVersion{} : found->second.back();
}

Result<SchemaVersion> TopicSchemas::version(const std::string& topic, int version) const {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(topic);
  if (found != versions_.end()) {
    for (const auto& held : found->second) {
      if (held.version == version) return held;
    }
  }
  return internal_error("the topic {} has no schema version {}", topic, version);
}

TopicSchemas::Range TopicSchemas::at(const std::string& topic, int32_t partition,
                                     int64_t offset) const {
  const std::lock_guard lock(mutex_);
  Range range;
  const auto found = versions_.find(topic);
  if (found == versions_.end()) return range;
  // A later version wins wherever it holds; it may begin before an earlier one does.
  for (const auto& version : found->second) {
    const int64_t start = start_of(version, partition);
    if (start <= offset) {
      range.version = version;
      range.until.reset();
    } else if (!range.until || start < *range.until) {
      range.until = start;
    }
  }
  return range;
}

Result<void> TopicSchemas::declare(const std::string& topic, const codec::TopicSchema& schema) {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(topic);
  codec::TopicSchema grown = schema;
  if (found != versions_.end()) {
    const auto& latest = found->second.back().schema;
    codec::Type root = codec::merged(schema.root, latest.root);
    if (root.kind == codec::TypeKind::kStruct) grown.root = std::move(root);
    if (grown == latest) return {};
  }
  auto added = add(topic, std::move(grown), {});
  if (!added.ok()) return std::move(added).error();
  return {};
}

Result<SchemaVersion> TopicSchemas::evolve(const std::string& topic, const Offsets& from,
                                           std::span<const std::string_view> values) {
  const std::lock_guard lock(mutex_);
  codec::TopicSchema schema;
  const auto found = versions_.find(topic);
  if (found != versions_.end()) schema = found->second.back().schema;
  const bool changed = codec::infer(schema, values);
  if (!changed && found != versions_.end()) {
    const auto& last = found->second.back();
    const bool covers = std::all_of(from.begin(), from.end(), [&](const auto& position) {
      return start_of(last, position.first) <= position.second;
    });
    if (covers) return last;
  }
  return add(topic, std::move(schema), from);
}

Result<SchemaVersion> TopicSchemas::add(const std::string& topic, codec::TopicSchema schema,
                                        Offsets from) {
  auto& versions = versions_[topic];
  SchemaVersion version{.version = versions.empty() ? 1 : versions.back().version + 1,
                        .schema = std::move(schema),
                        .from = std::move(from)};
  const std::string key = fmt::format("{}/{}", topic, version.version);
  const std::string value = to_json(version);
  const log::NewRecord record{.key = key, .value = value, .timestamp_ms = clock_.now_ms()};
  Result<void> written = writer_->begin();
  if (written.ok()) written = writer_->append({kSchemasTopic, 0}, {&record, 1});
  if (written.ok()) written = writer_->commit();
  if (!written.ok()) {
    if (versions.empty()) versions_.erase(topic);
    return std::move(written).error().during(fmt::format("recording the schema of {}", topic));
  }
  versions.push_back(version);
  return version;
}

}  // namespace leat::pipeline
