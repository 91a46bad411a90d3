#include "node/process/line_producer.h"

#include <deque>
#include <nlohmann/json.hpp>

#include "codec/json_select.h"
#include "codec/record_key.h"
#include "config/plan/names.h"
#include "log/largest_record.h"

namespace leat::node {
namespace {

// Lines are gathered up to this before they are appended.
constexpr size_t kBatchBytes = 1 << 20;
// So much may be on its way to the disk while the next lines are read. It is much, since each
// partition that a line went to is synced for it.
constexpr size_t kInFlightBytes = 16 << 20;
// So many refused lines are named.
constexpr int64_t kMostShown = 10;
// A piece of the body that is smaller is all that was there: whoever writes makes a pause.
constexpr size_t kFullPiece = 16 << 10;

struct LineRecord {
  std::optional<std::string> key;
  std::optional<std::string> own_value;  // of an envelope; else the line itself is the value
  bool tombstone = false;
};

class LineProducer {
 public:
  LineProducer(Instance& instance, std::string topic, const log::TopicConfig& config,
               int32_t partitions, codec::RecordKey key, const LineFormat& format)
      : instance_(instance),
        topic_(std::move(topic)),
        config_(config),
        partitions_(partitions),
        key_(std::move(key)),
        envelope_(format.envelope),
        number_(format.lines_before),
        batches_(format.lines_before) {}

  int64_t produced() const { return produced_; }

  Result<void> add(std::string_view line) {
    ++number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) return {};
    lines_.push_back({.start = text_.size(), .size = line.size(), .number = number_});
    text_ += line;
    return text_.size() >= kBatchBytes ? send() : Result<void>();
  }

  // What came is durable when it returns.
  Result<void> settle() {
    LEAT_TRY(send());
    return wait_until_left(0);
  }

  // The same, at the end: the lines that were refused are its error.
  Result<void> finish() {
    LEAT_TRY(settle());
    if (refused_ == 0) return {};
    const int64_t more = refused_ - static_cast<int64_t>(problems_.size());
    return coded_error(
        ErrorDomain::kUser, ErrorCode::kInvalid, "{}{}; the {} other records are in {}",
        fmt::format("{}", fmt::join(problems_, "; ")),
        more > 0 ? fmt::format("; and {} more lines like them", more) : "", produced_, topic_);
  }

 private:
  struct Line {
    size_t start = 0;  // in text_
    size_t size = 0;
    int64_t number = 0;
  };
  struct Sent {
    log::TopicProducer::Appended appended;
    int64_t records = 0;
    size_t bytes = 0;
  };

  // Appends what is gathered.
  Result<void> send() {
    if (lines_.empty()) return {};
    text_.append(log::FetchedRecords::kReadablePadding, '\0');
    std::vector<LineRecord> parsed;
    parsed.reserve(lines_.size());  // views into it must not move
    std::vector<std::vector<log::NewRecord>> records(static_cast<size_t>(partitions_));
    const int64_t now_ms = instance_.clock().now_ms();
    const size_t turn = static_cast<size_t>(batches_++ % partitions_);
    for (const Line& line : lines_) {
      const auto text = std::string_view(text_).substr(line.start, line.size);
      auto record = parse(text);
      if (!record.ok()) {
        refuse(line, record.error().message());
        continue;
      }
      parsed.push_back(std::move(record).value());
      const LineRecord& made = parsed.back();
      log::NewRecord next{.timestamp_ms = now_ms};
      if (made.key) next.key = *made.key;
      if (made.own_value) {
        next.value = *made.own_value;
      } else if (!made.tombstone) {
        next.value = text;
      }
      if (next.key.value_or("").size() + next.value.value_or("").size() >
          log::largest_record(config_)) {
        refuse(line, log::too_large_message(config_));
        continue;
      }
      const size_t partition =
          made.key ? static_cast<size_t>(log::partition_for_key(*made.key, partitions_)) : turn;
      records[partition].push_back(next);
    }
    for (size_t partition = 0; partition < records.size(); ++partition) {
      if (records[partition].empty()) continue;
      LEAT_ASSIGN(auto appended,
                  instance_.topics().producer().append({topic_, static_cast<int32_t>(partition)},
                                                       records[partition]));
      Sent sent{std::move(appended), static_cast<int64_t>(records[partition].size())};
      for (const auto& record : records[partition]) sent.bytes += record.value.value_or("").size();
      in_flight_ += sent.bytes;
      sent_.push_back(std::move(sent));
    }
    lines_.clear();
    text_.clear();
    return in_flight_ > kInFlightBytes ? wait_until_left(kInFlightBytes / 2) : Result<void>();
  }

  void refuse(const Line& line, std::string_view why) {
    if (++refused_ > kMostShown) return;
    problems_.push_back(fmt::format("line {}: {}", line.number, why));
  }

  // Until no more than that is on its way.
  Result<void> wait_until_left(size_t bytes) {
    std::vector<log::TopicProducer::Appended> due;
    int64_t records = 0;
    while (!sent_.empty() && (in_flight_ > bytes || bytes == 0)) {
      due.push_back(std::move(sent_.front().appended));
      records += sent_.front().records;
      in_flight_ -= sent_.front().bytes;
      sent_.pop_front();
    }
    LEAT_TRY(instance_.topics().producer().wait_durable(due));
    produced_ += records;
    return {};
  }

  Result<LineRecord> parse(std::string_view text) const {
    if (envelope_) return parse_envelope(text);
    if (key_.empty()) {
      LEAT_TRY(codec::checked_value(text));
      return LineRecord{};
    }
    std::string made;
    LEAT_ASSIGN(const std::string_view key, key_.of(text, made));
    return LineRecord{.key = std::string(key), .own_value = {}};
  }

  static Result<LineRecord> parse_envelope(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto text_or_null = [&](const char* name) {
      return json.contains(name) && (json[name].is_string() || json[name].is_null());
    };
    if (!json.is_object() || !text_or_null("key") || !text_or_null("value")) {
      return user_error(R"(expected {{"key": "…", "value": "…"}}, each a text or null)");
    }
    LineRecord record{.key = {}, .own_value = {}, .tombstone = json["value"].is_null()};
    if (json["key"].is_string()) record.key = json["key"].get<std::string>();
    if (json["value"].is_string()) record.own_value = json["value"].get<std::string>();
    return record;
  }

  Instance& instance_;
  const std::string topic_;
  const log::TopicConfig config_;
  const int32_t partitions_;
  const codec::RecordKey key_;
  const bool envelope_;
  std::string text_;  // gathered lines, without their ends
  std::vector<Line> lines_;
  int64_t number_;
  int64_t batches_;       // says whose turn it is; not 0 again for each of many short calls
  int64_t produced_ = 0;  // durable
  int64_t refused_ = 0;   // lines
  std::vector<std::string> problems_;  // of the first of them
  std::deque<Sent> sent_;
  size_t in_flight_ = 0;  // bytes of `sent_`
};

// Calls `on_line` for every line of the body, and `on_pause` before it waits for what comes late.
template <class OnLine, class OnPause>
Result<void> for_each_line(web::BodyReader& body, OnLine on_line, OnPause on_pause) {
  std::string rest;
  while (true) {
    LEAT_ASSIGN(const std::string piece, body.read());
    if (piece.empty()) break;
    std::string_view text = piece;
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      if (rest.empty()) {
        LEAT_TRY(on_line(text.substr(0, end)));
      } else {
        rest += text.substr(0, end);
        LEAT_TRY(on_line(rest));
        rest.clear();
      }
      text.remove_prefix(end + 1);
    }
    rest += text;
    if (piece.size() < kFullPiece) LEAT_TRY(on_pause());
  }
  return rest.empty() ? Result<void>() : on_line(rest);
}

}  // namespace

Result<int64_t> produce_lines(Instance& instance, const std::string& topic,
                              const LineFormat& format, web::BodyReader& lines) {
  if (const auto wrong = config::wrong_with_topic_name(topic)) {
    return user_error("nothing can be produced into the topic `{}`: its name {}", topic, *wrong);
  }
  std::vector<std::string> paths;
  if (!format.key.empty()) paths.push_back(format.key);
  LEAT_ASSIGN(auto key, codec::RecordKey::parse(paths));
  auto partitions = instance.topics().reader().partition_count(topic);
  if (!partitions.ok() && partitions.error().code() == ErrorCode::kNotFound) {
    LEAT_TRY(instance.topics().ensure_topic(topic, {}));
    partitions = instance.topics().reader().partition_count(topic);
  }
  if (!partitions.ok()) return std::move(partitions).error();
  LEAT_ASSIGN(const log::TopicConfig config, instance.topics().describe(topic));
  LineProducer producer(instance, topic, config, *partitions, std::move(key), format);
  LEAT_TRY(for_each_line(
      lines, [&](std::string_view line) { return producer.add(line); },
      [&] { return producer.settle(); }));
  LEAT_TRY(producer.finish());
  return producer.produced();
}

}  // namespace leat::node
