#include "config/plan/topics.h"

#include "base/text/nearest_name.h"
#include "config/check/json_path_syntax.h"
#include "config/node_data.h"
#include "config/plan/names.h"

namespace leat::config {
namespace {

// More partitions than this in one process cost file handles and give nothing.
constexpr int64_t kMaxPartitions = 1000;

class TopicPlan {
 public:
  explicit TopicPlan(ProblemList& problems) : problems_(problems) {}

  Topic read(const std::string& name, const Node& node, const Location& location) {
    Topic topic;
    topic.name = name;
    topic.location = location;
    if (const auto wrong = wrong_with_topic_name(name)) {
      problems_.add(location, fmt::format("the topic name {} {}", backticked(name), *wrong));
    }
    if (const Node partitions = node["partitions"]) topic.partitions = read_partitions(partitions);
    const Node retention = node["retention"];
    if (const Node time = retention["time"]) topic.retention_time = time.duration();
    if (const Node bytes = retention["bytes"]) topic.retention_bytes = bytes.bytes();
    read_schema(topic, node["schema"]);
    for (const auto& path : node["key"].items()) {
      if (names_many(path.text())) {
        problems_.add(path.location(), fmt::format("a key is one value; {} names many",
                                                   backticked(path.masked_text())));
      }
      topic.key.push_back(path.text());
    }
    if (const Node format = node["format"]; format && format.text() != "json") {
      problems_.add(format.location(),
                    fmt::format("`format: {}` is not built yet; records are json", format.text()));
    }
    return topic;
  }

 private:
  int read_partitions(const Node& node) {
    if (node.integer() >= 1 && node.integer() <= kMaxPartitions) {
      return static_cast<int>(node.integer());
    }
    problems_.add(node.location(), fmt::format("`partitions` must be between 1 and {}, not {}",
                                               kMaxPartitions, backticked(node.masked_text())));
    return 1;
  }

  void read_schema(Topic& topic, const Node& schema) {
    if (schema.is_mapping() && !schema.entries().empty()) {
      topic.declared_schema = schema;
    } else if (schema.text() == "strict") {
      topic.schema_mode = SchemaMode::kStrict;
    } else if (schema && schema.text() != "inferred") {
      const std::vector<std::string> words = {"inferred", "strict"};
      const auto near = nearest_name(schema.text(), words);
      problems_.add(schema.location(),
                    fmt::format("`schema` must be inferred, strict or a mapping of fields to types "
                                "such as {{id: UUID}}{}",
                                near ? fmt::format("; did you mean `{}`?", *near) : ""));
    }
  }

  ProblemList& problems_;
};

}  // namespace

std::map<std::string, Topic> plan_topics(const Node& topics, ProblemList& problems) {
  TopicPlan plan(problems);
  std::map<std::string, Topic> planned;
  for (size_t i = 0; i < topics.entries().size(); ++i) {
    const auto& [name, node] = topics.entries()[i];
    planned[name] = plan.read(name, node, topics.data()->key_location(i));
  }
  return planned;
}

}  // namespace leat::config
