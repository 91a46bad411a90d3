// Topics: listed, described, consumed and produced to.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "net/http/url.h"
#include "node/process/line_producer.h"
#include "node/process/topic_scan.h"
#include "node/requests/record_json.h"
#include "node/requests/routes.h"
#include "pipeline/epoch/state_store.h"

namespace leat::node {
namespace {

using nlohmann::json;

Result<json> partitions_json(Instance& instance, const std::string& topic) {
  json partitions = json::array();
  LEAT_ASSIGN(const int32_t count, instance.topics().reader().partition_count(topic));
  for (int32_t partition = 0; partition < count; ++partition) {
    LEAT_ASSIGN(const auto range, instance.topics().reader().offsets({topic, partition}));
    partitions.push_back({{"partition", partition}, {"start", range.start}, {"end", range.end}});
  }
  return partitions;
}

Result<std::string> list(Instance& instance) {
  json topics = json::array();
  LEAT_ASSIGN(const auto names, instance.topics().topics());
  for (const auto& name : names) {
    LEAT_ASSIGN(const auto partitions, partitions_json(instance, name));
    int64_t offsets = 0;
    for (const auto& partition : partitions) {
      offsets += partition["end"].get<int64_t>() - partition["start"].get<int64_t>();
    }
    topics.push_back({{"topic", name}, {"partitions", partitions.size()}, {"offsets", offsets}});
  }
  return topics.dump();
}

// The types that the streams over the topic have bound: those with which they compute.
Result<json> bound_json(Instance& instance, const std::string& topic) {
  json streams = json::array();
  for (const auto& pipeline : instance.pipelines()) {
    LEAT_ASSIGN(auto* const store, instance.pipeline_store(pipeline));
    LEAT_ASSIGN(auto connection, store->database->connect());
    pipeline::StateStore state(*connection);
    LEAT_ASSIGN(const auto names, state.load_streams());
    for (const auto& name : names) {
      LEAT_ASSIGN(const auto progress, state.load_progress(name));
      if (!progress || progress->topic != topic) continue;
      LEAT_ASSIGN(const auto types, state.load_types(name));
      json fields = json::array();
      for (const auto& field : types.root.fields) {
        fields.push_back({{"name", field.name}, {"type", field.type.shown_type()}});
      }
      streams.push_back(
          {{"stream", fmt::format("{}.{}", pipeline, name)}, {"types", std::move(fields)}});
    }
  }
  return streams;
}

Result<std::string> describe(Instance& instance, const std::string& topic) {
  LEAT_ASSIGN(const auto config, instance.topics().describe(topic));
  LEAT_ASSIGN(const auto partitions, partitions_json(instance, topic));
  const auto schema = instance.schemas().latest(topic);
  LEAT_ASSIGN(const auto id, instance.topics().topic_id(topic));
  json described{{"topic", topic},
                 {"topic_id", id.to_string()},
                 {"partitions", partitions},
                 {"cleanup_policy", log::cleanup_policy_name(config.cleanup_policy)},
                 {"retention_ms", config.retention_ms},
                 {"retention_bytes", config.retention_bytes},
                 {"schema_version", schema.version},
                 {"schema", json::array()}};
  for (const auto& field : schema.schema.root.fields) {
    described["schema"].push_back({{"name", field.name}, {"type", field.type.shown_type()}});
  }
  LEAT_ASSIGN(described["streams"], bound_json(instance, topic));
  return described.dump();
}

// The parameter `name`, where it is there. Errors (user): it is no number of records.
Result<int64_t> count_in(const net::QueryMap& query, const std::string& name, int64_t otherwise) {
  const auto found = query.find(name);
  if (found == query.end()) return otherwise;
  const std::string& text = found->second;
  int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || count < 0) {
    return user_error("{} takes a number of records, not `{}`", name, text);
  }
  return count;
}

struct ConsumeOptions {
  std::string from = "beginning";
  int64_t count = INT64_MAX;
  bool follow = false;
  bool values_only = false;  // the records' values as they are, one a line
};

Result<ConsumeOptions> consume_options(const net::QueryMap& query) {
  ConsumeOptions options;
  if (const auto from = query.find("from"); from != query.end()) options.from = from->second;
  if (const auto follow = query.find("follow"); follow != query.end()) {
    options.follow = follow->second == "true";
  }
  if (const auto format = query.find("format"); format != query.end()) {
    options.values_only = format->second == "value";
  }
  LEAT_ASSIGN(options.count, count_in(query, "count", options.count));
  return options;
}

Result<int64_t> start_offset(const std::string& from, const log::OffsetRange& range) {
  if (from == "beginning" || from == "earliest") return range.start;
  if (from == "end" || from == "latest") return range.end;
  int64_t offset = 0;
  const auto parsed = std::from_chars(from.data(), from.data() + from.size(), offset);
  if (parsed.ec != std::errc() || parsed.ptr != from.data() + from.size() || offset < 0) {
    return user_error("--from takes beginning, end or an offset, not `{}`", from);
  }
  return std::clamp(offset, range.start, range.end);
}

// The records that a request asked for, in as many calls as there are pauses.
class Consumption {
 public:
  Consumption(Instance& instance, std::string topic, ConsumeOptions options)
      : log_(instance.topics().reader()),
        topic_(std::move(topic)),
        options_(std::move(options)),
        left_(options_.count) {}

  Result<void> operator()(web::BodyWriter& out) {
    if (positions_.empty()) LEAT_TRY(begin());
    bool any = false;
    for (bool moved = true; moved && left_ > 0;) {
      moved = false;
      for (size_t i = 0; i < positions_.size() && left_ > 0; ++i) {
        if (positions_[i].offset >= ends_[i]) continue;
        LEAT_ASSIGN(const auto progress, write_some(i, out));
        if (progress == Progress::kNobodyListens) return {};
        moved = moved || progress == Progress::kMoved;
      }
      any = any || moved;
    }
    if (!options_.follow || left_ == 0 || !out.flush()) return {};
    pause_ = any ? kFirstPause : std::min(pause_ * 2, kLongestPause);
    out.again_in(pause_);
    return {};
  }

 private:
  enum class Progress : uint8_t { kNothing, kMoved, kNobodyListens };
  static constexpr std::chrono::milliseconds kFirstPause{20};
  static constexpr std::chrono::milliseconds kLongestPause{160};

  Result<void> begin() {
    LEAT_ASSIGN(const int32_t partitions, log_.partition_count(topic_));
    for (int32_t partition = 0; partition < partitions; ++partition) {
      LEAT_ASSIGN(const auto range, log_.offsets({topic_, partition}));
      LEAT_ASSIGN(const int64_t start, start_offset(options_.from, range));
      positions_.push_back({.partition = {topic_, partition}, .offset = start});
      ends_.push_back(options_.follow ? INT64_MAX : range.end);
    }
    return {};
  }

  Result<Progress> write_some(size_t index, web::BodyWriter& out) {
    auto& position = positions_[index];
    LEAT_ASSIGN(const auto fetched,
                log_.fetch(position.partition, position.offset, {.max_bytes = 1 << 20}));
    for (const auto& record : fetched.records) {
      if (record.offset >= ends_[index] || left_ == 0) break;
      line_.clear();
      if (options_.values_only) {
        line_ += record.value.value_or("null");
      } else {
        append_record_json(line_, position.partition.partition, record);
      }
      line_ += '\n';
      if (!out.write(line_)) return Progress::kNobodyListens;
      --left_;
    }
    const bool moved = fetched.next_offset > position.offset;
    position.offset = fetched.next_offset;
    return moved ? Progress::kMoved : Progress::kNothing;
  }

  log::TopicReader& log_;
  const std::string topic_;
  const ConsumeOptions options_;
  int64_t left_;
  std::vector<log::TopicReader::Position> positions_;
  std::vector<int64_t> ends_;  // where to stop without --follow
  std::string line_;
  std::chrono::milliseconds pause_{};
};

// kNotFound with the nearest name.
Result<void> check_topic(Instance& instance, const std::string& topic) {
  const auto known = instance.topics().reader().partition_count(topic);
  if (known.ok()) return {};
  if (known.error().code() != ErrorCode::kNotFound) return known.error();
  return no_such_topic(instance, topic);
}

web::Response answer(Result<std::string> body) {
  if (!body.ok()) return web::error_response(body.error());
  return web::json_response(std::move(body).value());
}

}  // namespace

void add_topic_routes(web::Router& router, Instance& instance) {
  router.add("GET", "/api/v1/topics",
             [&instance](web::Request&) { return answer(list(instance)); });
  router.add("GET", "/api/v1/topics/{topic}", [&instance](web::Request& request) {
    const std::string topic = request.params["topic"];
    const auto known = check_topic(instance, topic);
    return answer(known.ok() ? describe(instance, topic) : known.error());
  });
  router.add("GET", "/api/v1/topics/{topic}/records", [&instance](web::Request& request) {
    const std::string topic = request.params["topic"];
    const auto options = consume_options(request.query);
    if (!options.ok()) return web::error_response(options.error());
    const auto known = check_topic(instance, topic);
    if (!known.ok()) return web::error_response(known.error());
    web::Response response;
    response.headers.set("Content-Type", "application/x-ndjson");
    auto consumption = std::make_shared<Consumption>(instance, topic, *options);
    response.stream = [consumption](web::BodyWriter& out) { return (*consumption)(out); };
    return response;
  });
  router.add_streaming(
      "POST", "/api/v1/topics/{topic}/records", [&instance](web::Request& request) {
        LineFormat format;
        if (const auto key = request.query.find("key"); key != request.query.end()) {
          format.key = key->second;
        }
        format.envelope = request.query.contains("envelope");
        const auto lines_before = count_in(request.query, "lines_before", 0);
        if (!lines_before.ok()) return web::error_response(lines_before.error());
        format.lines_before = *lines_before;
        auto produced = produce_lines(instance, request.params["topic"], format, *request.stream);
        if (!produced.ok()) return web::error_response(produced.error());
        return web::json_response(json{{"produced", *produced}}.dump());
      });
}

}  // namespace leat::node
