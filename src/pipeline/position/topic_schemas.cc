#include "pipeline/position/topic_schemas.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/damage.h"
#include "base/logging.h"
#include "codec/bound_types.h"
#include "codec/record_format.h"
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
                        {"schema", nlohmann::json::parse(version.schema.to_json())},
                        {"declared", nlohmann::json::parse(version.declared.to_json())}}
      .dump();
}

Result<SchemaVersion> from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("format").get<int>() > kFormatVersion) {
      return user_error("{} was written by a newer Leat; use that one", kSchemasTopic);
    }
    SchemaVersion version{.version = json.at("version").get<int>()};
    LEAT_ASSIGN(version.schema, codec::TopicSchema::from_json(json.at("schema").dump()));
    if (json.contains("declared")) {
      LEAT_ASSIGN(version.declared, codec::TopicSchema::from_json(json.at("declared").dump()));
    }
    for (const auto& [partition, offset] : json.at("from").items()) {
      version.from[std::stoi(partition)] = offset.get<int64_t>();
    }
    return version;
  } catch (const std::exception& error) {
    return coded_error(ErrorDomain::kInternal, ErrorCode::kCorrupt, "it is no schema: {}",
                       error.what());
  }
}

}  // namespace

Result<void> check_schema_record(std::string_view value) {
  const auto version = from_json(value);
  return version.ok() ? Result<void>() : version.error();
}

Result<std::unique_ptr<TopicSchemas>> TopicSchemas::open(log::TopicStore& topics, Clock& clock) {
  LEAT_TRY(topics.ensure_topic(kSchemasTopic, {.cleanup_policy = log::CleanupPolicy::kCompact}));
  LEAT_ASSIGN(auto writer, topics.open_writer("leat-schemas"));
  std::unique_ptr<TopicSchemas> schemas(new TopicSchemas(clock, std::move(writer)));
  LEAT_ASSIGN(const auto records, log::read_latest(topics.reader(), kSchemasTopic));
  for (const auto& [key, value] : records) {
    auto version = from_json(value);
    if (!version.ok() && version.error().domain() == ErrorDomain::kUser) {
      return std::move(version).error();
    }
    if (!version.ok()) {
      log_warn("{}: the record with the key {} is passed over: {}{}", kSchemasTopic, key,
               version.error().message(), kRepairHint);
      continue;
    }
    schemas->versions_[key.substr(0, key.rfind('/'))].push_back(std::move(*version));
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

Result<void> TopicSchemas::declare(const std::string& topic, const codec::TopicSchema& schema) {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(topic);
  SchemaVersion next{.schema = schema, .declared = schema};
  if (found != versions_.end()) {
    const auto& latest = found->second.back();
    next.schema = codec::merged(schema, latest.schema);
    if (next.schema == latest.schema && next.declared == latest.declared) return {};
  }
  auto added = add(topic, std::move(next));
  if (!added.ok()) return std::move(added).error();
  return {};
}

Result<SchemaVersion> TopicSchemas::evolve(const std::string& topic, const Offsets& from,
                                           std::span<const std::string_view> values) {
  const std::lock_guard lock(mutex_);
  SchemaVersion next;
  const auto found = versions_.find(topic);
  if (found != versions_.end()) next = found->second.back();
  next.schema = codec::declared_over(next.declared, next.schema);
  const bool changed = codec::default_format().infer(next.schema, values);
  if (!changed && found != versions_.end()) return next;
  next.from = from;
  return add(topic, std::move(next));
}

Result<SchemaVersion> TopicSchemas::add(const std::string& topic, SchemaVersion next) {
  auto& versions = versions_[topic];
  SchemaVersion version = std::move(next);
  version.version = versions.empty() ? 1 : versions.back().version + 1;
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
