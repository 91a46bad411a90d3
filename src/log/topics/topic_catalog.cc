#include "log/topics/topic_catalog.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

namespace leat::log {
namespace {

constexpr std::string_view kTitle = "leat-topics 2";
constexpr std::string_view kFirstTitle = "leat-topics 1";
constexpr std::string_view kTitleBegin = "leat-topics ";
// Each has files that are open as long as the log is.
constexpr int32_t kMaxPartitions = 10'000;
constexpr CleanupPolicy kPolicies[] = {CleanupPolicy::kDelete, CleanupPolicy::kCompact,
                                       CleanupPolicy::kCompactAndDelete};
constexpr std::string_view kAppendTime = "LogAppendTime";
constexpr std::string_view kCreateTime = "CreateTime";
constexpr std::string_view kYes = "true";
constexpr size_t kMaxNameSize = 249;  // with "-2147483647" a file name still fits

Error corrupt(std::string_view what) {
  return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                     "the list of topics is damaged ({}); run `leat repair`", what);
}

template <class T>
Result<T> parse_number(std::string_view text) {
  T value{};
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || at != text.data() + text.size()) return corrupt(text);
  return value;
}

Result<void> set_field(TopicEntry& entry, std::string_view name, std::string_view value) {
  TopicConfig& config = entry.config;
  if (name == "id") {
    const auto id = TopicId::parse(value);
    if (!id) return corrupt(value);
    entry.id = *id;
  } else if (name == "partitions") {
    LEAT_ASSIGN(config.partitions, parse_number<int32_t>(value));
  } else if (name == "cleanup.policy") {
    const auto policy = std::ranges::find(kPolicies, value, cleanup_policy_name);
    if (policy == std::end(kPolicies)) return corrupt(value);
    config.cleanup_policy = *policy;
  } else if (name == "retention.ms") {
    LEAT_ASSIGN(config.retention_ms, parse_number<int64_t>(value));
  } else if (name == "retention.bytes") {
    LEAT_ASSIGN(config.retention_bytes, parse_number<int64_t>(value));
  } else if (name == "segment.bytes") {
    LEAT_ASSIGN(config.segment_bytes, parse_number<int64_t>(value));
  } else if (name == "segment.ms") {
    LEAT_ASSIGN(config.segment_ms, parse_number<int64_t>(value));
  } else if (name == "max.message.bytes") {
    LEAT_ASSIGN(config.max_message_bytes, parse_number<int64_t>(value));
  } else if (name == "delete.retention.ms") {
    LEAT_ASSIGN(config.delete_retention_ms, parse_number<int64_t>(value));
  } else if (name == "message.timestamp.type") {
    if (value != kCreateTime && value != kAppendTime) return corrupt(value);
    config.timestamp_type =
        value == kAppendTime ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
  } else if (name == "message.timestamp.before.max.ms") {
    LEAT_ASSIGN(config.timestamp_before_max_ms, parse_number<int64_t>(value));
  } else if (name == "message.timestamp.after.max.ms") {
    LEAT_ASSIGN(config.timestamp_after_max_ms, parse_number<int64_t>(value));
  } else if (name == "has-gaps") {
    entry.has_gaps = value == kYes;
  } else if (name == "deleted") {
    entry.deleted = value == kYes;
  } else {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "the list of topics has the setting `{}`, which this version does not know",
                       name);
  }
  return {};
}

}  // namespace

std::string_view cleanup_policy_name(CleanupPolicy policy) {
  switch (policy) {
    case CleanupPolicy::kCompact:
      return "compact";
    case CleanupPolicy::kCompactAndDelete:
      return "compact,delete";
    case CleanupPolicy::kDelete:
      break;
  }
  return "delete";
}

std::string encode_topic_catalog(const TopicCatalog& topics) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const auto& [name, entry] : topics) {
    const TopicConfig& config = entry.config;
    text += fmt::format(
        "{} id={} partitions={} cleanup.policy={} retention.ms={} retention.bytes={} "
        "segment.bytes={} segment.ms={} max.message.bytes={} delete.retention.ms={} "
        "message.timestamp.type={} message.timestamp.before.max.ms={} "
        "message.timestamp.after.max.ms={}{}{}\n",
        name, entry.id.to_string(), config.partitions, cleanup_policy_name(config.cleanup_policy),
        config.retention_ms, config.retention_bytes, config.segment_bytes, config.segment_ms,
        config.max_message_bytes, config.delete_retention_ms,
        config.timestamp_type == TimestampType::kLogAppendTime ? kAppendTime : kCreateTime,
        config.timestamp_before_max_ms, config.timestamp_after_max_ms,
        entry.has_gaps ? " has-gaps=true" : "", entry.deleted ? " deleted=true" : "");
  }
  return text;
}

Result<TopicCatalog> decode_topic_catalog(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  if (!std::getline(lines, line)) return corrupt("it is empty");
  if (line != kTitle && !line.starts_with(kTitleBegin)) {
    return corrupt(fmt::format("its first line is not `{}`", kTitle));
  }
  if (line != kTitle && line != kFirstTitle) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "the list of topics begins with `{}`, and this version knows `{}`: a newer "
                       "Leat wrote it; use that one",
                       line, kTitle);
  }
  const bool has_ids = line == kTitle;
  TopicCatalog topics;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    TopicEntry entry;
    for (std::string field; words >> field;) {
      const size_t equals = field.find('=');
      if (equals == std::string::npos) return corrupt(field);
      LEAT_TRY(set_field(entry, std::string_view(field).substr(0, equals),
                         std::string_view(field).substr(equals + 1)));
    }
    if (const auto valid = check_topic(name, entry.config); !valid.ok()) {
      return corrupt(valid.error().message());
    }
    if (has_ids && entry.id.is_zero()) return corrupt(fmt::format("`{}` has no id", name));
    topics.emplace(name, entry);
  }
  return topics;
}

Result<void> check_topic(const std::string& topic, const TopicConfig& config) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  const auto invalid = [&](std::string_view why) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "topic `{}`: {}", topic, why);
  };
  if (topic.empty() || topic.size() > kMaxNameSize || topic == "." || topic == ".." ||
      !std::all_of(topic.begin(), topic.end(), allowed)) {
    return invalid("a name has 1 to 249 of the characters a-z A-Z 0-9 . _ -");
  }
  if (config.partitions < 1 || config.partitions > kMaxPartitions) {
    return invalid(fmt::format("a topic has 1 to {} partitions", kMaxPartitions));
  }
  if (config.segment_bytes < 1 || config.segment_bytes > std::numeric_limits<int32_t>::max()) {
    return invalid("segment.bytes must be between 1 and 2147483647");
  }
  if (config.max_message_bytes < 1 || config.max_message_bytes > (int64_t{1} << 30)) {
    return invalid("max.message.bytes must be between 1 and 1073741824");
  }
  if (config.segment_ms < 1 || config.delete_retention_ms < 0 ||
      config.timestamp_before_max_ms < 0 || config.timestamp_after_max_ms < 0) {
    return invalid(
        "segment.ms must be at least 1; delete.retention.ms, message.timestamp.before.max.ms and "
        "message.timestamp.after.max.ms at least 0");
  }
  return {};
}

}  // namespace leat::log
