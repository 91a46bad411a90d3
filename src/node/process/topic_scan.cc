#include "node/process/topic_scan.h"

#include "base/text/nearest_name.h"
#include "codec/record_format.h"
#include "stream/topic_table.h"

namespace leat::node {
namespace {

class LogTopics final : public stream::TopicTableSource {
 public:
  explicit LogTopics(Instance& instance) : instance_(instance) {}

  Result<codec::TopicSchema> schema(const std::string& topic) override {
    auto schema = instance_.schemas().latest(topic).schema;
    LEAT_ASSIGN(const int32_t count, partitions(topic));
    for (int32_t partition = 0; partition < count; ++partition) {
      int64_t offset = -1;
      while (true) {
        LEAT_ASSIGN(const auto piece, read(topic, partition, offset));
        std::vector<std::string_view> values;
        for (const auto& record : piece.records) {
          if (record.value) values.push_back(*record.value);
        }
        codec::default_format().infer(schema, values);
        if (piece.end) break;
        offset = piece.next_offset;
      }
    }
    return schema;
  }

  Result<int32_t> partitions(const std::string& topic) override {
    auto count = instance_.topics().reader().partition_count(topic);
    if (count.ok() || count.error().code() != ErrorCode::kNotFound) return count;
    return no_such_topic(instance_, topic);
  }

  Result<Piece> read(const std::string& topic, int32_t partition, int64_t offset) override {
    auto& log = instance_.topics().reader();
    Piece piece;
    LEAT_ASSIGN(const auto range, log.offsets({topic, partition}));
    if (offset < range.start) offset = range.start;
    piece.next_offset = offset;
    piece.end = offset >= range.end;
    if (piece.end) return piece;
    LEAT_ASSIGN(auto fetched, log.fetch({topic, partition}, offset, {.max_bytes = 4 << 20}));
    piece.records.reserve(fetched.records.size());
    for (const auto& record : fetched.records) {
      piece.records.push_back({.partition = partition,
                               .offset = record.offset,
                               .timestamp_ms = record.timestamp_ms,
                               .key = record.key,
                               .value = record.value});
    }
    piece.end = fetched.next_offset <= offset || fetched.next_offset >= range.end;
    piece.next_offset = fetched.next_offset;
    piece.memory = std::move(fetched.memory);
    return piece;
  }

 private:
  Instance& instance_;
};

}  // namespace

Error no_such_topic(Instance& instance, const std::string& topic) {
  const auto names = instance.topics().topics();
  const auto nearest = names.ok() ? nearest_name(topic, *names) : std::optional<std::string>();
  return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "there is no topic {}{}", topic,
                     nearest ? fmt::format("; did you mean {}?", *nearest) : "");
}

Result<void> register_topic_tables(Instance& instance) {
  LEAT_ASSIGN(auto connection, instance.store().connect());
  return stream::register_topic_table(*connection, std::make_shared<LogTopics>(instance));
}

}  // namespace leat::node
