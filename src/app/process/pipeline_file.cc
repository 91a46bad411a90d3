#include "app/process/pipeline_file.h"

#include <algorithm>
#include <cstdlib>

#include "app/connectors/connectors.h"
#include "base/nearest_name.h"
#include "pipeline/stream/stream_query.h"
#include "store/database.h"
#include "stream/query.h"

extern char** environ;

namespace leat::app {
namespace {

std::string setting_name(const std::string& pipeline) { return "pipeline_file/" + pipeline; }

codec::TopicSchema known_schema(const config::Pipeline& plan, const std::string& topic,
                                Instance* instance) {
  if (instance != nullptr) {
    if (const auto latest = instance->schemas().latest(topic); latest.version > 0) {
      return latest.schema;
    }
  }
  const auto declared = plan.topics.find(topic);
  if (declared != plan.topics.end() && declared->second.declared_schema) {
    auto schema = codec::TopicSchema::from_declaration(declared->second.declared_schema.json());
    if (schema.ok()) return std::move(schema).value();
  }
  return {};
}

std::string line_of(const Path& file, int number) {
  const auto text = real_file_system().read_file(file);
  if (!text.ok() || number < 1) return {};
  size_t start = 0;
  for (int i = 1; i < number; ++i) {
    start = text->find('\n', start);
    if (start == std::string::npos) return {};
    ++start;
  }
  return text->substr(start, text->find('\n', start) - start);
}

// A topic that neither the file nor the data directory has: a slip, or somebody else's topic that
// must be there when the pipeline runs.
void check_topic(const config::Pipeline& plan, const config::Stream& stream,
                 const std::string& topic, const KnownTopics& known, CheckedPipeline& checked) {
  std::vector<std::string> names = known.names;
  for (const auto& [name, described] : plan.topics) names.push_back(name);
  if (std::find(names.begin(), names.end(), topic) != names.end()) return;
  const auto nearest = nearest_name(topic, names);
  if (!nearest && !known.complete) {
    checked.warnings.push_back(fmt::format(
        "stream {}: the topic {} is not of this file; it must be there when the pipeline runs",
        stream.name, topic));
    return;
  }
  const Error error = user_error("there is no topic {}{}", topic,
                                 nearest ? fmt::format("; did you mean `{}`?", *nearest) : "");
  const size_t at = stream.sql.find(topic);
  checked.loaded.problems.push_back(
      sql_problem(plan, stream, Error(error).at_position(at == std::string::npos ? 0 : at)));
}

// Whether a mistake is one whatever types the topic's fields turn out to have.
bool is_certain(const Error& error) {
  return error.message().find("does not exist") != std::string::npos;
}

void check_targets(const config::Stream& stream, std::vector<config::Problem>& problems) {
  for (const auto& target : stream.into) {
    const auto checked = check_target(target);
    if (checked.ok()) continue;
    problems.push_back(
        {.location = target.location, .message = checked.error().message(), .line = {}});
  }
}

void check_keys(const config::Stream& stream, const std::vector<store::Column>& columns,
                std::vector<config::Problem>& problems) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  for (const auto& target : stream.into) {
    for (const auto& key : target.key) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      const auto nearest = nearest_name(key, names);
      problems.push_back({.location = target.location,
                          .message = fmt::format(
                              "the key `{}` is not a column of the query{}", key,
                              nearest ? fmt::format("; did you mean `{}`?", *nearest)
                                      : "; it gives " + fmt::format("{}", fmt::join(names, ", "))),
                          .line = {}});
    }
  }
}

// Order holds within a partition, and the record key decides the partition: rows of one table key
// must come from records of one record key for "the last one wins" to mean anything.
void warn_of_open_order(const config::Pipeline& plan, const config::Stream& stream,
                        const stream::Query& query, CheckedPipeline& checked) {
  const auto topic = plan.topics.find(query.topic());
  if (topic == plan.topics.end() || topic->second.partitions.value_or(1) == 1) return;
  std::vector<std::string> record_key = pipeline::record_key_of(plan, query.topic());
  std::sort(record_key.begin(), record_key.end());
  for (const auto& target : stream.into) {
    if (target.key.empty() || !pipeline::is_embedded_table(target)) continue;
    if (pipeline::key_fields(stream, target, query) == record_key) continue;
    checked.warnings.push_back(
        fmt::format("stream {}: the key ({}) of {} is not the record key ({}) of {}: records of "
                    "one table key can "
                    "be in several partitions, and which of them is the last is then open",
                    stream.name, fmt::join(target.key, ", "), pipeline::sink_name(target),
                    record_key.empty() ? "none" : fmt::format("{}", fmt::join(record_key, ", ")),
                    query.topic()));
  }
}

// Parses and plans one stream; its mistakes go to `checked`.
void check_stream(const config::Pipeline& plan, const config::Stream& stream,
                  store::Connection& connection, Instance* instance, const KnownTopics& known,
                  CheckedPipeline& checked) {
  auto& problems = checked.loaded.problems;
  check_targets(stream, problems);
  const auto sql = pipeline::stream_sql(stream);
  if (!sql.ok()) {
    problems.push_back({.location = stream.location, .message = sql.error().message(), .line = {}});
    return;
  }
  const auto query = stream::Query::parse(*sql, connection);
  if (!query.ok()) {
    problems.push_back(sql_problem(plan, stream, query.error()));
    return;
  }
  check_topic(plan, stream, query->topic(), known, checked);
  if (stream.implicit_topic.empty()) warn_of_open_order(plan, stream, *query, checked);
  const auto schema = known_schema(plan, query->topic(), instance);
  // Without a schema nobody knows what `*` stands for.
  if (schema.root.fields.empty() && query->names_all()) return;
  const auto planned = stream::plan(*query, schema, connection);
  if (!planned.ok() && schema.root.fields.empty() && !is_certain(planned.error())) {
    checked.warnings.push_back(
        fmt::format("stream {}: cannot be checked before records of {} are there: {}", stream.name,
                    query->topic(), planned.error().message()));
    return;
  }
  if (!planned.ok()) {
    problems.push_back(sql_problem(plan, stream, planned.error()));
    return;
  }
  for (const auto& warning : planned->warnings) {
    checked.warnings.push_back(fmt::format("stream {}: {}", stream.name, warning));
  }
  if (!query->names_all() && stream.implicit_topic.empty()) {
    check_keys(stream, planned->columns, problems);
  }
}

}  // namespace

Result<Assignments> parse_assignments(const std::vector<std::string>& texts,
                                      const std::string& flag) {
  Assignments assignments;
  for (const auto& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return user_error("{} takes NAME=VALUE, not `{}`", flag, text);
    }
    assignments[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return assignments;
}

config::LoadOptions load_options(Assignments set, Assignments connect) {
  config::LoadOptions options{.set = std::move(set),
                              .connect = std::move(connect),
                              .environment = {},
                              .secrets_directory = "secrets"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  if (const char* secrets = std::getenv("LEAT_SECRETS")) options.secrets_directory = secrets;
  return options;
}

CheckedPipeline load_and_check(const Path& file, const config::LoadOptions& options,
                               Instance* instance, const KnownTopics& known) {
  CheckedPipeline checked{.loaded = config::load_pipeline(file, connector_catalogue(), options),
                          .warnings = {}};
  if (!checked.loaded.pipeline) return checked;
  auto database = store::Database::open({});
  if (!database.ok()) {
    checked.loaded.problems.push_back(
        {.location = {}, .message = database.error().to_string(), .line = {}});
    return checked;
  }
  const auto& plan = *checked.loaded.pipeline;
  for (const auto& stream : plan.streams) {
    auto connection = (*database)->connect();
    if (connection.ok()) check_stream(plan, stream, **connection, instance, known, checked);
  }
  for (auto& problem : checked.loaded.problems) {
    if (problem.line.empty()) problem.line = line_of(file, problem.location.line);
  }
  return checked;
}

config::Problem sql_problem(const config::Pipeline& plan, const config::Stream& stream,
                            const Error& error) {
  config::Location location = stream.location;
  if (stream.sql_node) location = stream.sql_node.location_of(error.position().value_or(0));
  std::string line = line_of(plan.file, location.line);
  return {.location = std::move(location),
          .message = fmt::format("stream {}: {}", stream.name, error.message()),
          .line = std::move(line)};
}

Result<config::Pipeline> load_known_pipeline(Instance& instance, const std::string& pipeline,
                                             const std::string& file) {
  Path path = file;
  if (file.empty()) {
    LEAT_ASSIGN(const auto known, instance.metadata().setting(setting_name(pipeline)));
    if (!known) {
      return user_error("it is not known from which file the pipeline {} ran; name it with --file",
                        pipeline);
    }
    path = *known;
  }
  LEAT_ASSIGN(auto topics, instance.log().topics());
  auto checked = load_and_check(path, load_options({}, {}), &instance,
                                {.names = std::move(topics), .complete = true});
  if (!checked.loaded.problems.empty() || !checked.loaded.pipeline) {
    std::string text = fmt::format("the pipeline file {} has mistakes:", path.string());
    for (const auto& problem : checked.loaded.problems)
      text += "\n" + config::format_problem(problem);
    return Error(ErrorDomain::kUser, std::move(text));
  }
  return std::move(*checked.loaded.pipeline);
}

Result<void> remember_pipeline_file(Instance& instance, const config::Pipeline& plan) {
  const Path absolute = std::filesystem::absolute(plan.file);
  return instance.metadata().set_setting(setting_name(plan.name), absolute.string());
}

}  // namespace leat::app
