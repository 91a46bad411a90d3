#include "node/pipeline_file/file_check.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/text/lower_case.h"
#include "base/text/nearest_name.h"
#include "codec/bound_types.h"
#include "config/plan/names.h"
#include "node/connectors/connectors.h"
#include "pipeline/epoch/state_store.h"
#include "pipeline/epoch/stream_query.h"
#include "store/database.h"
#include "stream/query.h"

namespace leat::node {
namespace {

codec::TopicSchema declared_schema(const config::Pipeline& plan, const std::string& topic,
                                   Instance* instance) {
  const auto declared = plan.topics.find(topic);
  if (declared != plan.topics.end() && declared->second.declared_schema) {
    auto schema = codec::TopicSchema::from_declaration(declared->second.declared_schema.json());
    if (schema.ok()) return std::move(schema).value();
  }
  return instance == nullptr ? codec::TopicSchema{} : instance->schemas().latest(topic).declared;
}

codec::TopicSchema known_schema(const config::Pipeline& plan, const std::string& topic,
                                Instance* instance) {
  if (instance != nullptr) {
    if (const auto latest = instance->schemas().latest(topic); latest.version > 0) {
      return latest.schema;
    }
  }
  return declared_schema(plan, topic, instance);
}

// What is there of earlier runs of the stream.
struct EarlierRuns {
  bool any = false;
  codec::TopicSchema types;  // what it has bound
};

EarlierRuns earlier_runs(const config::Pipeline& plan, const std::string& stream,
                         Instance* instance) {
  if (instance == nullptr ||
      !std::filesystem::exists(instance->data() / "pipelines" / (plan.name + ".duckdb"))) {
    return {};
  }
  auto store = instance->pipeline_store(plan.name);
  if (!store.ok()) return {};
  auto connection = (*store)->database->connect();
  if (!connection.ok()) return {};
  pipeline::StateStore state(**connection);
  EarlierRuns runs;
  if (auto types = state.load_types(stream); types.ok()) runs.types = std::move(types).value();
  // A stream may have read records and bound nothing of them: each was a dead letter, or had none
  // of the fields.
  const auto progress = state.load_progress(stream);
  runs.any = !runs.types.root.fields.empty() || (progress.ok() && progress->has_value());
  return runs;
}

// Without the fields that may have been seen with several types: a stream binds its own.
codec::Type without_texts(codec::Type type) {
  if (type.kind == codec::TypeKind::kVarchar) type.kind = codec::TypeKind::kNull;
  for (auto& element : type.element) element = without_texts(std::move(element));
  for (auto& field : type.fields) field.type = without_texts(std::move(field.type));
  return type;
}

// Whether a mistake is one whatever types the topic's fields turn out to have.
bool is_certain(const Error& error) {
  return error.message().find("does not exist") != std::string::npos ||
         error.message().find("two output columns are called") != std::string::npos;
}

// What the types of a declared schema are called, each at its place in the file.
void check_types(const config::Pipeline& plan, const config::Node& declared,
                 store::Connection& connection, std::vector<config::Problem>& problems) {
  if (declared.is_mapping()) {
    for (const auto& [name, type] : declared.entries()) {
      check_types(plan, type, connection, problems);
    }
    return;
  }
  if (declared.is_sequence()) {
    for (const auto& type : declared.items()) check_types(plan, type, connection, problems);
    return;
  }
  const auto bound = connection.prepare(fmt::format("SELECT CAST(NULL AS {})", declared.text()));
  if (bound.ok()) return;
  std::string message = bound.error().message();
  std::replace(message.begin(), message.end(), '\n', ' ');
  problems.push_back(problem_at(plan, declared.location(), fmt::format("schema: {}", message)));
}

// The topics whose declared types are none.
std::set<std::string> check_schemas(const config::Pipeline& plan, store::Database& database,
                                    std::vector<config::Problem>& problems) {
  std::set<std::string> wrong;
  const auto connection = database.connect();
  if (!connection.ok()) return wrong;
  for (const auto& [name, topic] : plan.topics) {
    if (!topic.declared_schema) continue;
    if (!codec::TopicSchema::from_declaration(topic.declared_schema.json()).ok()) continue;
    const size_t before = problems.size();
    check_types(plan, topic.declared_schema, **connection, problems);
    if (problems.size() > before) wrong.insert(name);
  }
  return wrong;
}

// The streams of one file, one after the other.
class StreamCheck {
 public:
  StreamCheck(const config::Pipeline& plan, store::Database& database, Instance* instance,
              const KnownTopics& known, std::set<std::string> wrong_schemas, CheckedFile& checked)
      : plan_(plan),
        database_(database),
        instance_(instance),
        known_(known),
        wrong_schemas_(std::move(wrong_schemas)),
        problems_(checked.loaded.problems),
        warnings_(checked.warnings),
        topics_(checked.topics) {}

  void check(const config::Stream& stream) {
    check_targets(stream);
    const bool is_readable = stream.sql_node.present() || !stream.implicit_topic.empty();
    if (!is_readable) return;
    const auto sql = pipeline::stream_sql(stream);
    if (!sql.ok()) {
      problems_.push_back(problem_at(plan_, stream.location, sql.error().message()));
      return;
    }
    auto connection = database_.connect();
    if (!connection.ok()) {
      problems_.push_back(problem_at(plan_, {}, connection.error().to_string()));
      return;
    }
    const auto query = stream::Query::parse(*sql, **connection);
    if (!query.ok()) {
      problems_.push_back(sql_problem(plan_, stream, query.error()));
      return;
    }
    topics_[stream.name] = query->topic();
    check_topic(stream, query->topic());
    if (stream.implicit_topic.empty()) warn_of_open_order(stream, *query);
    check_plan(stream, *query, **connection);
  }

 private:
  void check_targets(const config::Stream& stream) {
    for (const auto& target : stream.into) {
      const auto checked = check_target(target, plan_.name, stream.name);
      if (!checked.ok()) {
        problems_.push_back(problem_at(plan_, target.location, checked.error().message()));
      } else if (target.is_table()) {
        check_one_writer(stream, target);
        check_schema(target);
      }
    }
  }

  // The transactions of two streams would meet in it: neither sees the other's rows of a key.
  void check_one_writer(const config::Stream& stream, const config::Target& target) {
    const auto [writer, first] =
        writers_.try_emplace(config::table_identity(target.name), stream.name);
    if (first) return;
    problems_.push_back(problem_at(
        plan_, target.location,
        fmt::format("the table {} is written by the stream {} already: one stream writes a table; "
                    "give this one another table, and read both with UNION ALL",
                    target.name, writer->second)));
  }

  // DuckDB takes `shop.orders` for the table `orders` of the database `shop`, the pipeline's own,
  // or for that of the schema `shop` in it, and asks which.
  void check_schema(const config::Target& target) {
    const size_t dot = target.name.find('.');
    if (dot == std::string::npos || !same_in_lower_case(target.name.substr(0, dot), plan_.name)) {
      return;
    }
    problems_.push_back(problem_at(
        plan_, target.location,
        fmt::format(
            "the schema of the table {} is called like the pipeline, whose tables are found "
            "by its name already: write `{}`, and `leat sql` knows it as {}, too",
            target.name, target.name.substr(dot + 1), target.name)));
  }

  void check_topic(const config::Stream& stream, const std::string& topic) {
    bool outside = false;
    auto error = known_.missing(topic, outside);
    if (outside) {
      warnings_.push_back(fmt::format(
          "stream {}: the topic {} is not of this file; it must be there when the pipeline runs",
          stream.name, topic));
    }
    if (!error) return;
    const size_t at = stream.sql.find(topic);
    problems_.push_back(sql_problem(
        plan_, stream, std::move(*error).at_position(at == std::string::npos ? 0 : at)));
  }

  // Names and types. Types that records had make no mistake of the file: the stream leaves open
  // what it cannot be bound with, and such records are dead letters.
  void check_plan(const config::Stream& stream, const stream::Query& query,
                  store::Connection& connection) {
    if (wrong_schemas_.contains(query.topic())) return;
    const auto schema = known_schema(plan_, query.topic(), instance_);
    // Without a schema nobody knows what `*` stands for.
    if (schema.root.fields.empty() && query.names_all()) return;
    const auto declared = declared_schema(plan_, query.topic(), instance_);
    const auto runs = earlier_runs(plan_, stream.name, instance_);
    std::vector<codec::TopicSchema> found;
    if (runs.any) {
      found.push_back(codec::declared_over(declared, runs.types));
    } else {
      found.push_back(schema);
      found.push_back({.root = without_texts(schema.root)});
    }
    std::string reason;
    for (const auto& types : found) {
      auto planned = stream::plan(query, types, connection, stream::Unseen::kNull);
      if (planned.ok()) {
        // Before the first run a name that is nearly one of the records' is a mistake.
        if (!runs.any) planned = stream::plan(query, types, connection);
        // Where only the file is known, nobody knows what records have besides.
        if (planned.ok() && !runs.any && types == declared) planned->warnings.clear();
        return check_planned(stream, query, planned);
      }
      if (reason.empty()) reason = planned.error().message();
    }
    const auto planned = stream::plan(query, declared, connection, stream::Unseen::kNull);
    if (planned.ok()) {
      warnings_.push_back(fmt::format(
          "stream {}: the query cannot be bound with {}: {}; such records are dead letters",
          stream.name,
          runs.any ? "the types that the stream has kept"
                   : fmt::format("the records that {} has", query.topic()),
          reason));
    } else if (declared.root.fields.empty() && !is_certain(planned.error())) {
      warnings_.push_back(
          fmt::format("stream {}: cannot be checked before records of {} are there: {}",
                      stream.name, query.topic(), planned.error().message()));
      return;
    }
    check_planned(stream, query, planned);
  }

  void check_planned(const config::Stream& stream, const stream::Query& query,
                     const Result<stream::Plan>& planned) {
    if (!planned.ok()) {
      problems_.push_back(sql_problem(plan_, stream, planned.error()));
      return;
    }
    for (const auto& warning : planned->warnings) {
      warnings_.push_back(fmt::format("stream {}: {}", stream.name, warning));
    }
    if (!query.names_all() && stream.implicit_topic.empty()) check_keys(stream, planned->columns);
  }

  void check_keys(const config::Stream& stream, const std::vector<store::Column>& columns) {
    std::vector<std::string> names;
    for (const auto& column : columns) names.push_back(column.name);
    for (const auto& target : stream.into) {
      for (const auto& key : target.key) {
        if (std::find(names.begin(), names.end(), key) != names.end()) continue;
        const auto nearest = nearest_name(key, names);
        problems_.push_back(problem_at(
            plan_, target.location,
            fmt::format("the key `{}` is not a column of the query{}", key,
                        nearest ? fmt::format("; did you mean `{}`?", *nearest)
                                : fmt::format("; it gives {}", fmt::join(names, ", ")))));
      }
    }
  }

  // Order holds within a partition, and the record key decides the partition: rows of one table
  // key must come from records of one record key for "the last one wins" to mean anything.
  void warn_of_open_order(const config::Stream& stream, const stream::Query& query) {
    const auto topic = plan_.topics.find(query.topic());
    if (topic == plan_.topics.end() || topic->second.partitions.value_or(1) == 1) return;
    std::vector<std::string> record_key = pipeline::record_key_of(plan_, query.topic());
    std::sort(record_key.begin(), record_key.end());
    for (const auto& target : stream.into) {
      const bool is_upserted = target.mode == config::WriteMode::kUpsert;
      if (!is_upserted || !target.is_table()) continue;
      if (pipeline::key_fields(stream, target, query) == record_key) continue;
      warnings_.push_back(fmt::format(
          "stream {}: the key ({}) of {} is not the record key ({}) of {}: records of one table "
          "key can be in several partitions, and which of them is the last is then open",
          stream.name, fmt::join(target.key, ", "), target.label(),
          record_key.empty() ? "none" : fmt::format("{}", fmt::join(record_key, ", ")),
          query.topic()));
    }
  }

  const config::Pipeline& plan_;
  store::Database& database_;
  Instance* instance_;
  const KnownTopics& known_;
  const std::set<std::string> wrong_schemas_;  // topics with mistakes in their declared types
  std::vector<config::Problem>& problems_;
  std::vector<std::string>& warnings_;
  std::map<std::string, std::string>& topics_;
  std::map<std::string, std::string> writers_;  // table's identity -> stream
};

// "FILE:LINE:COLUMN: message", where the place is in this file: a source's own mistakes come so.
config::Problem placed_problem(const config::Pipeline& plan, const config::Location& otherwise,
                               const std::string& message) {
  const std::string file = plan.file.string() + ":";
  config::Location place{.file = plan.file.string()};
  int read = 0;
  const bool is_placed = message.starts_with(file) &&
                         std::sscanf(message.c_str() + file.size(), "%d:%d: %n", &place.line,
                                     &place.column, &read) == 2 &&
                         read > 0;
  if (!is_placed) return problem_at(plan, otherwise, message);
  return problem_at(plan, std::move(place),
                    message.substr(file.size() + static_cast<size_t>(read)));
}

// Whether a mistake is known already in the lines of the task: what is left of it may be a part
// only.
bool has_mistake(const config::Pipeline& plan, const config::Task& task,
                 const std::vector<config::Problem>& problems) {
  const int begin = task.location.line;
  int end = INT_MAX;
  const auto limit = [&](const config::Location& next) {
    if (next.line > begin) end = std::min(end, next.line);
  };
  for (const auto& other : plan.tasks) limit(other.location);
  for (const auto& stream : plan.streams) limit(stream.location);
  for (const auto& [name, topic] : plan.topics) limit(topic.location);
  return std::ranges::any_of(problems, [&](const config::Problem& problem) {
    return problem.location.line >= begin && problem.location.line < end;
  });
}

void check_sources(const config::Pipeline& plan, CheckedFile& checked) {
  const auto known = checked.loaded.problems;
  for (const auto& task : plan.tasks) {
    if (!task.source.present() || has_mistake(plan, task, known)) continue;
    auto warnings = check_source(task, plan.file.parent_path());
    if (!warnings.ok()) {
      checked.loaded.problems.push_back(
          placed_problem(plan, task.location, warnings.error().message()));
      continue;
    }
    for (const std::string& warning : *warnings) {
      checked.warnings.push_back(fmt::format("task {}: {}", task.name, warning));
    }
  }
}

}  // namespace

KnownTopics::KnownTopics(const std::vector<config::LoadResult>& files,
                         const std::vector<std::string>* in_log)
    : complete_(in_log != nullptr) {
  if (in_log != nullptr) names_ = *in_log;
  for (const auto& file : files) {
    if (!file.pipeline && !file.partial) {
      anything_possible_ = true;
      continue;
    }
    const auto& plan = file.pipeline ? *file.pipeline : file.partial->pipeline;
    for (const auto& [name, topic] : plan.topics) names_.push_back(name);
    if (file.pipeline) continue;
    anything_possible_ |= !file.partial->names_complete;
    possible_.insert(file.partial->names.begin(), file.partial->names.end());
  }
}

std::optional<Error> KnownTopics::missing(const std::string& topic, bool& outside) const {
  if (anything_possible_ || possible_.contains(topic) ||
      std::find(names_.begin(), names_.end(), topic) != names_.end()) {
    return std::nullopt;
  }
  const auto nearest = nearest_name(topic, names_);
  outside = !nearest && !complete_;
  if (outside) return std::nullopt;
  return user_error("there is no topic {}{}", topic,
                    nearest ? fmt::format("; did you mean `{}`?", *nearest) : "");
}

CheckedFile check_file(config::LoadResult loaded, Instance* instance, const KnownTopics& known) {
  CheckedFile checked{.loaded = std::move(loaded), .warnings = {}, .topics = {}};
  const bool is_whole = checked.loaded.pipeline.has_value();
  if (!is_whole && !checked.loaded.partial) return checked;
  const auto& plan = is_whole ? *checked.loaded.pipeline : checked.loaded.partial->pipeline;
  check_sources(plan, checked);
  // Locked to a folder that nobody makes: what is planned reads no file.
  auto database = store::Database::open({}, {.locked_to = "/dev/null/no-folder"});
  if (!database.ok()) {
    checked.loaded.problems.push_back(problem_at(plan, {}, database.error().to_string()));
    return checked;
  }
  auto wrong = check_schemas(plan, **database, checked.loaded.problems);
  StreamCheck check(plan, **database, instance, known, std::move(wrong), checked);
  for (const auto& stream : plan.streams) check.check(stream);
  if (!is_whole) checked.warnings.clear();  // what is missing may be the reason for them
  sort_problems(checked.loaded.problems);
  return checked;
}

config::Problem sql_problem(const config::Pipeline& plan, const config::Stream& stream,
                            const Error& error) {
  config::Location location = stream.location;
  if (stream.sql_node) location = stream.sql_node.location_of(error.position().value_or(0));
  return problem_at(plan, std::move(location),
                    fmt::format("stream {}: {}", stream.name, error.message()));
}

}  // namespace leat::node
