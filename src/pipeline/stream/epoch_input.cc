#include "pipeline/stream/epoch_input.h"

#include <algorithm>

namespace leat::pipeline {

std::vector<std::string_view> EpochInput::values() const {
  std::vector<std::string_view> values;
  values.reserve(records.size());
  for (const auto& record : records) {
    if (record.value) values.push_back(*record.value);
  }
  return values;
}

Result<EpochReader::Fetched*> EpochReader::fetch(int32_t partition, int64_t offset, size_t bytes) {
  Fetched& held = fetched_[partition];
  const bool goes_on = held.position == offset && held.taken < held.records.records.size();
  if (!goes_on) {
    LEAT_ASSIGN(held.records, reader_.fetch({topic_, partition}, offset, {.max_bytes = bytes}));
    held.taken = 0;
    held.position = offset;
  }
  return &held;
}

namespace {

// Where an epoch must end at the latest.
int64_t limit_of(const Offsets* until, int32_t partition) {
  if (until == nullptr) return INT64_MAX;
  const auto found = until->find(partition);
  return found == until->end() ? INT64_MAX : found->second;
}

}  // namespace

Result<EpochInput> EpochReader::next(const Offsets& at, const EpochLimits& limits,
                                     const Offsets* until) {
  EpochInput input;
  // Partitions that are still in an older schema version go first: an epoch has one version.
  std::map<int32_t, TopicSchemas::Range> versions;
  int version = -1;
  for (const auto& [partition, offset] : at) {
    if (offset >= limit_of(until, partition)) continue;
    LEAT_ASSIGN(const auto range, reader_.offsets({topic_, partition}));
    if (offset >= range.end) continue;
    auto held = schemas_.at(topic_, partition, offset);
    if (version < 0 || held.version.version < version) {
      version = held.version.version;
      input.schema = held.version;
    }
    versions.emplace(partition, std::move(held));
  }
  std::erase_if(versions,
                [version](const auto& entry) { return entry.second.version.version != version; });

  const size_t share = versions.empty() ? 0 : std::max<size_t>(1, limits.bytes / versions.size());
  // Each partition gets its part of the epoch, so that a long one does not hold up the others.
  const size_t quota =
      versions.empty() ? 0 : (limits.records + versions.size() - 1) / versions.size();
  for (const auto& [partition, schema] : versions) {
    if (input.records.size() >= limits.records) break;
    const size_t most = std::min(limits.records, input.records.size() + quota);
    const int64_t from = at.at(partition);
    const int64_t stop_at = std::min(schema.until.value_or(INT64_MAX), limit_of(until, partition));

    LEAT_ASSIGN(Fetched * held, fetch(partition, from, share));
    const auto& records = held->records.records;
    int64_t to = from;
    for (; held->taken < records.size() && input.records.size() < most; ++held->taken) {
      const auto& record = records[held->taken];
      if (record.offset >= stop_at) {
        to = stop_at;  // past the control records before it, too
        break;
      }
      input.records.push_back({.partition = partition,
                               .offset = record.offset,
                               .timestamp_ms = record.timestamp_ms,
                               .key = record.key,
                               .value = record.value});
      to = record.offset + 1;
    }
    if (held->taken == records.size()) to = std::min(held->records.next_offset, stop_at);
    held->position = to;
    if (to <= from) continue;
    input.from[partition] = from;
    input.to[partition] = to;
    for (const auto& owner : held->records.memory) input.memory.push_back(owner);
  }
  return input;
}

Result<EpochInput> EpochReader::range(const Offsets& from, const Offsets& to) {
  EpochInput input{.from = from, .to = to, .schema = {}, .records = {}, .memory = {}};
  for (const auto& [partition, start] : from) {
    const int64_t end = to.at(partition);
    for (int64_t offset = start; offset < end;) {
      LEAT_ASSIGN(auto fetched, reader_.fetch({topic_, partition}, offset, {}));
      if (fetched.next_offset <= offset) {
        return internal_error("{} ends at offset {}, before {} that an epoch of it reached",
                              log::TopicPartition{topic_, partition}.to_string(), offset, end);
      }
      for (const auto& record : fetched.records) {
        if (record.offset >= end) break;
        input.records.push_back({.partition = partition,
                                 .offset = record.offset,
                                 .timestamp_ms = record.timestamp_ms,
                                 .key = record.key,
                                 .value = record.value});
      }
      offset = fetched.next_offset;
      for (auto& owner : fetched.memory) input.memory.push_back(std::move(owner));
    }
  }
  return input;
}

}  // namespace leat::pipeline
