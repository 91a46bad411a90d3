#include "config/plan/frame.h"

#include "config/check/scalar_check.h"

namespace leat::config {
namespace {

constexpr const char* kLater = "not built yet; leave it out";

Key unsupported(std::string name, std::string why = kLater) {
  return {.name = std::move(name),
          .value = scalar(ValueKind::kAny),
          .doc = "Not built yet.",
          .unsupported = std::move(why)};
}

DescriptionPtr retries_description() {
  return mapping({{.name = "count",
                   .value = scalar(ValueKind::kInteger),
                   .doc = "Further attempts after the first.",
                   .default_text = "0"},
                  {.name = "delay",
                   .value = scalar(ValueKind::kDuration),
                   .doc = "The time before the second attempt.",
                   .default_text = "2s"},
                  {.name = "backoff",
                   .value = scalar(ValueKind::kText),
                   .doc = "Whether each delay is twice the one before, or all are the same.",
                   .default_text = "exponential",
                   .choices = {"exponential", "fixed"}},
                  {.name = "max_delay",
                   .value = scalar(ValueKind::kDuration),
                   .doc = "No delay is longer.",
                   .default_text = "10m"}},
                 "Attempts of the task as a whole; a request's own retries are part of its source.",
                 "{count: 3, delay: 2s}");
}

DescriptionPtr task_description(const ConnectorCatalogue& connectors) {
  auto task = std::make_shared<Description>();
  task->kind = ValueKind::kMapping;
  task->doc = "Finite work on the pipeline's timetable: one source, read into one topic.";
  task->keys = connectors.sources;
  for (const auto& source : connectors.sources) task->exactly_one.push_back(source.name);
  task->keys.push_back(
      {.name = "retries", .value = retries_description(), .doc = "Attempts after a failure."});
  task->keys.push_back({.name = "into",
                        .value = into_description(TargetOwner::kTask),
                        .doc = "Where the records go: one target or a list of them.",
                        .required = true});
  task->keys.push_back({.name = "after",
                        .value = list_of(scalar(ValueKind::kText)),
                        .doc = "Tasks that must have succeeded in the same run."});
  task->keys.push_back(unsupported("schedule",
                                   "a task runs on its pipeline's schedule; put it "
                                   "into a pipeline of its own for another one"));
  for (const char* name : {"pool", "timeout", "trigger_rule", "priority"}) {
    task->keys.push_back(unsupported(name));
  }
  return task;
}

DescriptionPtr stream_description() {
  std::vector<Key> keys = {
      {.name = "sql",
       .value = scalar(ValueKind::kSql),
       .doc = "A SELECT over one topic, in DuckDB's dialect.",
       .required = true},
      {.name = "into",
       .value = into_description(TargetOwner::kStream),
       .doc = "Where the rows go: one target or a list of them.",
       .required = true},
      {.name = "from",
       .value = scalar(ValueKind::kText),
       .doc = "Where the stream starts in a topic that it has never read.",
       .default_text = "earliest",
       .choices = {"earliest", "latest"}},
      {.name = "on_error",
       .value = scalar(ValueKind::kText),
       .doc = "Whether a record whose conversion fails is a dead letter or gives NULL there.",
       .default_text = "dead_letter",
       .choices = {"dead_letter", "null"}},
      {.name = "on_corrupt",
       .value = scalar(ValueKind::kText),
       .doc = "What the stream does at stored records that are damaged: stop there, or skip them "
              "and count them.",
       .default_text = "stop",
       .choices = {"stop", "skip"}},
      {.name = "mode",
       .value = scalar(ValueKind::kText),
       .doc = "For targets without a mode of their own; by default upsert where there is a key, "
              "else append.",
       .choices = {"append", "upsert"}}};
  for (const char* name : {"watermark", "emit", "trigger"}) {
    keys.push_back(unsupported(name));
  }
  return mapping(std::move(keys), "A query that never ends: each record of the topic once.");
}

DescriptionPtr topic_description() {
  const auto retention =
      mapping({{.name = "time",
                .value = scalar(ValueKind::kDuration),
                .doc = "Records older than this may be deleted."},
               {.name = "bytes",
                .value = scalar(ValueKind::kBytes),
                .doc = "The oldest records are deleted when a partition is larger than this; in "
                       "segments of a quarter of it, at least 1 MiB and at most 128 MiB."}},
              "", "{time: 7d, bytes: 10GiB}");
  std::vector<Key> keys = {
      {.name = "partitions",
       .value = scalar(ValueKind::kInteger),
       .doc =
           "How many parts the topic has; records of one key are in one part. Without it a topic "
           "that is there keeps its number, and a new one has 1. More than it has are added, with "
           "a "
           "warning, since keys move; fewer are refused."},
      {.name = "retention",
       .value = retention,
       .doc =
           "How long records are kept at least; for ever if absent. What a stream has not read, or "
           "not delivered, is kept for longer."},
      {.name = "schema",
       .value = scalar(ValueKind::kAny),
       .doc = "`inferred`, `strict` (a record that conflicts with what was seen is a dead letter), "
              "or a mapping of fields to types.",
       .default_text = "inferred"},
      {.name = "key",
       .value = list_of(scalar(ValueKind::kJsonPath)),
       .doc = "JSONPaths of the record key, where the task gives none."},
      {.name = "format",
       .value = scalar(ValueKind::kText),
       .doc = "How records are written; avro and protobuf are not built yet.",
       .default_text = "json",
       .choices = {"json", "avro", "protobuf"}}};
  for (const char* name : {"replication_factor", "cleanup_policy"}) {
    keys.push_back(unsupported(name));
  }
  return mapping(std::move(keys), "A topic that is more than its default.");
}

Key key_of_target(TargetOwner owner) {
  return {.name = "key",
          .value = list_of(
              scalar(owner == TargetOwner::kTask ? ValueKind::kJsonPath : ValueKind::kText)),
          .doc = owner == TargetOwner::kTask ? "JSONPaths in the record: its natural key."
                                             : "Output columns that identify a row."};
}

}  // namespace

DescriptionPtr into_description(TargetOwner owner) {
  static const DescriptionPtr of_task = list_of(scalar(ValueKind::kAny));
  static const DescriptionPtr of_stream = list_of(scalar(ValueKind::kAny));
  return owner == TargetOwner::kTask ? of_task : of_stream;
}

DescriptionPtr pipeline_description(const ConnectorCatalogue& connectors) {
  std::vector<Key> keys = {
      {.name = "pipeline",
       .value = scalar(ValueKind::kText),
       .doc = "The pipeline's name: letters, digits, _ and -.",
       .required = true},
      {.name = "schedule",
       .value = scalar(ValueKind::kTimetable),
       .doc = "When the tasks run; by hand only if absent."},
      {.name = "tasks",
       .value = map_of(task_description(connectors)),
       .doc = "Finite work that writes records into topics."},
      {.name = "streams",
       .value = map_of(stream_description()),
       .doc =
           "Queries over topics that never end. A stream and a task may not have the same name."},
      {.name = "topics",
       .value = map_of(topic_description()),
       .doc = "Topics that are more than their defaults."},
      {.name = "connections",
       .value = map_of(scalar(ValueKind::kText)),
       .doc = "URLs of real systems by name; what is not here is embedded."}};
  for (const char* name : {"description", "tags", "owner", "defaults"}) {
    keys.push_back(unsupported(name));
  }
  return mapping(std::move(keys));
}

DescriptionPtr target_description(const TargetKind& kind, const std::string& named,
                                  TargetOwner owner) {
  const bool any_name = kind.wrong_with == nullptr;
  std::vector<Key> keys = {{.name = named,
                            .value = scalar(any_name ? ValueKind::kAny : ValueKind::kText),
                            .doc = "The name of the target.",
                            .required = true},
                           key_of_target(owner)};
  if (kind.takes_mode) {
    keys.push_back({.name = "mode",
                    .value = scalar(ValueKind::kText),
                    .doc = "`upsert`: the last row of a key takes the place of the earlier ones. "
                           "`append`: each row "
                           "is one more, also with a key, which is then the key of the records "
                           "only. By default upsert with a key, append without one.",
                    .choices = {"append", "upsert"}});
  }
  if (kind.key.value) {
    keys.insert(keys.end(), kind.key.value->keys.begin(), kind.key.value->keys.end());
  }
  return mapping(std::move(keys));
}

}  // namespace leat::config
