#include "pipeline/epoch/epoch_input.h"

#include <algorithm>

namespace leat::pipeline {
namespace {

// Where an epoch must end at the latest.
int64_t limit_of(const Offsets* until, int32_t partition) {
  if (until == nullptr) return INT64_MAX;
  const auto found = until->find(partition);
  return found == until->end() ? INT64_MAX : found->second;
}

stream::InputRecord input_record(int32_t partition, const log::RecordView& record) {
  return {.partition = partition,
          .offset = record.offset,
          .timestamp_ms = record.timestamp_ms,
          .key = record.key,
          .value = record.value};
}

void add_places(EpochInput& input, std::span<const stream::InputRecord> records) {
  for (const auto& record : records) {
    input.records.push_back({.partition = record.partition,
                             .offset = record.offset,
                             .timestamp_ms = record.timestamp_ms});
  }
}

// What was skipped before `to` belongs to this epoch; the rest stays for the next.
void take_skipped(int32_t partition, int64_t to, log::FetchedRecords& from, EpochInput& input) {
  for (log::OffsetGap& gap : from.skipped) {
    const log::OffsetGap before{gap.from, std::min(gap.to, to)};
    if (!before.empty()) input.skipped.push_back({partition, before});
    gap.from = std::max(gap.from, to);
  }
}

size_t stored_bytes(const log::RecordView& record) {
  return record.key.value_or("").size() + record.value.value_or("").size();
}

}  // namespace

std::vector<std::string_view> RecordSlice::values() const {
  std::vector<std::string_view> values;
  values.reserve(records.size());
  for (const auto& record : records) {
    if (record.value) values.push_back(*record.value);
  }
  return values;
}

int64_t EpochInput::skipped_offsets() const {
  int64_t count = 0;
  for (const Skipped& each : skipped) count += each.offsets.to - each.offsets.from;
  return count;
}

EpochInput::Bytes EpochInput::bytes_of(const stream::InputRecord& record) {
  Bytes bytes;
  if (record.key) bytes.key = std::string(*record.key);
  if (record.value) bytes.value = std::string(*record.value);
  return bytes;
}

void EpochInput::keep(uint32_t index, const stream::InputRecord& record) {
  kept.insert_or_assign(index, bytes_of(record));
}

Result<EpochReader::Fetched*> EpochReader::fetch(int32_t partition, int64_t offset, size_t bytes) {
  Fetched& held = fetched_[partition];
  const bool goes_on = held.position == offset && held.taken < held.records.records.size();
  if (!goes_on) {
    held = {};  // its memory is free for the next
    LEAT_ASSIGN(held.records, reader_.fetch({topic_, partition}, offset, limits(bytes)));
    held.position = offset;
  }
  return &held;
}

Result<std::vector<EpochReader::Part>> EpochReader::choose(const Offsets& at,
                                                           const EpochLimits& limits,
                                                           const Offsets* until,
                                                           EpochInput& input) {
  std::vector<Part> parts;
  for (const auto& [partition, offset] : at) {
    if (offset >= limit_of(until, partition)) continue;
    LEAT_ASSIGN(const auto range, reader_.offsets({topic_, partition}));
    if (offset >= range.end) continue;
    const int64_t end = std::min(limit_of(until, partition), range.end);
    parts.push_back({.partition = partition, .from = offset, .end = end});
  }
  const auto wanted = std::ranges::find_if(
      parts, [&](const Part& part) { return alone_ && part.partition == *alone_; });
  if (wanted != parts.end()) parts = {*wanted};
  for (Part& part : parts) {
    part.records = (limits.records + parts.size() - 1) / parts.size();
    part.bytes = std::max<size_t>(1, limits.bytes / parts.size());
    input.from[part.partition] = part.from;
  }
  return parts;
}

// False: the epoch is over.
Result<bool> EpochReader::read_part(const Part& part, size_t slice_bytes, EpochInput& input,
                                    const Take& take) {
  const size_t most = input.records.size() + part.records;
  size_t bytes = 0;
  int64_t& at = input.to[part.partition];
  at = part.from;
  while (at < part.end && input.records.size() < most && bytes < part.bytes) {
    auto fetched = fetch(part.partition, at, std::min(slice_bytes, part.bytes - bytes));
    if (!fetched.ok()) {
      // What was read before is an epoch; the next one begins with the error.
      if (input.records.empty()) return std::move(fetched).error();
      return false;
    }
    Fetched& held = **fetched;
    const auto& records = held.records.records;
    RecordSlice slice{.records = {}, .memory = held.records.memory};
    int64_t to = at;
    for (; held.taken < records.size(); ++held.taken) {
      if (input.records.size() + slice.records.size() >= most) break;
      const auto& record = records[held.taken];
      if (record.offset >= part.end) {
        to = part.end;  // past the control records before it, too
        break;
      }
      slice.records.push_back(input_record(part.partition, record));
      bytes += stored_bytes(record);
      to = record.offset + 1;
    }
    if (held.taken == records.size()) to = std::min(held.records.next_offset, part.end);
    if (to <= at) break;
    if (!slice.records.empty()) {
      LEAT_ASSIGN(const size_t taken, take(input, slice));
      add_places(input, std::span(slice.records).first(taken));
      for (const auto& record : std::span(slice.records).first(taken)) {
        input.bytes += record.key.value_or("").size() + record.value.value_or("").size();
      }
      if (taken < slice.records.size()) {
        to = slice.records[taken].offset;
        take_skipped(part.partition, to, held.records, input);
        held.taken -= slice.records.size() - taken;
        held.position = at = to;
        alone_ = part.partition;
        return false;
      }
    }
    take_skipped(part.partition, to, held.records, input);
    held.position = at = to;
  }
  return true;
}

Result<EpochInput> EpochReader::next(const Offsets& at, const EpochLimits& limits,
                                     const Offsets* until, BoundTypes types, const Take& take) {
  EpochInput input{.types = std::move(types)};
  LEAT_ASSIGN(auto parts, choose(at, limits, until, input));
  alone_.reset();
  for (Part& part : parts) {
    if (input.records.size() >= limits.records) break;
    part.records = std::min(part.records, limits.records - input.records.size());
    LEAT_ASSIGN(const bool goes_on, read_part(part, limits.slice_bytes, input, take));
    if (!goes_on) break;
  }
  std::erase_if(input.from, [&](const auto& start) {
    const auto end = input.to.find(start.first);
    return end == input.to.end() || end->second <= start.second;
  });
  std::erase_if(input.to, [&](const auto& end) { return !input.from.contains(end.first); });
  return input;
}

Result<EpochInput> EpochReader::range(const Offsets& from, const Offsets& to, BoundTypes types,
                                      const Take& take) {
  EpochInput input{.from = from, .to = to, .types = std::move(types)};
  for (const auto& [partition, start] : from) {
    const int64_t end = to.at(partition);
    for (int64_t offset = start; offset < end;) {
      LEAT_ASSIGN(auto fetched,
                  reader_.fetch({topic_, partition}, offset, limits(EpochLimits{}.slice_bytes)));
      if (fetched.next_offset <= offset) {
        return internal_error("{} ends at offset {}, before {} that an epoch of it reached",
                              log::TopicPartition{topic_, partition}.to_string(), offset, end);
      }
      RecordSlice slice{.records = {}, .memory = std::move(fetched.memory)};
      for (const auto& record : fetched.records) {
        if (record.offset >= end) break;
        slice.records.push_back(input_record(partition, record));
      }
      offset = fetched.next_offset;
      if (slice.records.empty()) continue;
      LEAT_ASSIGN(const size_t taken, take(input, slice));
      if (taken < slice.records.size()) {
        return internal_error("{}@{} does not fit the types with which it was read",
                              log::TopicPartition{topic_, partition}.to_string(),
                              slice.records[taken].offset);
      }
      add_places(input, slice.records);
    }
  }
  return input;
}

Result<std::map<uint32_t, EpochInput::Bytes>> EpochReader::bytes_of(
    const EpochInput& input, std::span<const uint32_t> indexes) const {
  std::map<uint32_t, EpochInput::Bytes> bytes;
  log::FetchedRecords held;
  int32_t partition = -1;
  for (const uint32_t index : indexes) {
    if (const auto kept = input.kept.find(index); kept != input.kept.end()) {
      bytes.insert(*kept);
      continue;
    }
    const auto& place = input.records[index];
    if (partition != place.partition || place.offset >= held.next_offset) {
      held = {};
      LEAT_ASSIGN(held, reader_.fetch({topic_, place.partition}, place.offset,
                                      limits(EpochLimits{}.slice_bytes)));
      partition = place.partition;
    }
    const auto found =
        std::ranges::lower_bound(held.records, place.offset, {}, &log::RecordView::offset);
    if (found == held.records.end() || found->offset != place.offset) {
      return internal_error("{}@{} is gone since it was read",
                            log::TopicPartition{topic_, place.partition}.to_string(), place.offset);
    }
    bytes.emplace(index, EpochInput::bytes_of(input_record(place.partition, *found)));
  }
  return bytes;
}

Result<void> EpochReader::keep(EpochInput& input, std::span<const uint32_t> indexes) const {
  LEAT_ASSIGN(auto bytes, bytes_of(input, indexes));
  input.kept.merge(bytes);
  return {};
}

}  // namespace leat::pipeline
