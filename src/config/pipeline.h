// A pipeline file as a typed, immutable plan.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "config/catalogue.h"
#include "config/node.h"
#include "config/timetable.h"

namespace leat::config {

class SourceText;

struct Retries {
  int count = 0;  // further attempts after the first
  std::chrono::milliseconds delay{2000};
  bool exponential = true;
  std::chrono::milliseconds max_delay{600'000};
};

enum class WriteMode : uint8_t { kAppend, kUpsert };

// One entry of `into`, with what its connection and the URL of that say about it.
struct Target {
  std::string connector;  // topic, table, postgres, cassandra, hdfs, console
  TargetPlace place = TargetPlace::kOutside;
  std::string connection;        // its name; the connector's own where it has none
  bool own_connection = false;   // one that the file names, not a predefined one
  std::string name;              // topic, table ([schema.]table) or path
  std::vector<std::string> key;  // JSON paths for a task, output columns for a stream; may be empty
  WriteMode mode = WriteMode::kAppend;  // upsert when there is a key
  Node options;                         // the rest of the entry, as the sink describes it
  Location location;

  bool is_table() const { return place == TargetPlace::kTable; }
  bool is_topic() const { return place == TargetPlace::kTopic; }
  // What people call the system: the file's name of the connection, or the connector's.
  const std::string& system() const { return own_connection ? connection : connector; }
  // How counts and dead letters name it.
  std::string label() const { return system() + ":" + name; }
};

struct Task {
  std::string name;
  std::string source_type;  // http, file
  Node source;
  Retries retries;
  std::vector<Target> into;        // as written; see implicit streams in Pipeline::streams
  std::vector<std::string> after;  // upstream tasks
  std::string topic;  // the topic it writes: the one in `into`, or __leat_task.<pipeline>.<task>
  std::vector<std::string> key;  // JSON paths of the record key; empty: none
  Location location;
};

enum class StartFrom : uint8_t { kEarliest, kLatest };
enum class OnError : uint8_t { kDeadLetter, kNull };
enum class OnCorrupt : uint8_t { kStop, kSkip };

struct Stream {
  std::string name;  // for an implicit stream: <task>.<target name>
  std::string sql;
  Node sql_node;  // for places in errors; absent for an implicit stream
  std::vector<Target> into;
  StartFrom from = StartFrom::kEarliest;
  OnError on_error = OnError::kDeadLetter;
  OnCorrupt on_corrupt = OnCorrupt::kStop;
  std::string implicit_topic;  // set: `SELECT * FROM` this topic, made from a task's target
  Location location;
};

enum class SchemaMode : uint8_t { kInferred, kStrict };

struct Topic {
  std::string name;
  std::string connection = "kafka";  // who keeps it; the predefined one is the embedded log
  std::optional<int> partitions;     // none: what the topic has, or 1 for a new one
  std::optional<std::chrono::milliseconds> retention_time;
  std::optional<uint64_t> retention_bytes;
  SchemaMode schema_mode = SchemaMode::kInferred;
  Node declared_schema;          // {field: TYPE, …}; absent: inferred
  std::vector<std::string> key;  // JSON paths, for writers that give no key of their own
  Location location;
};

struct Connection {
  std::string name;
  std::string type;  // a ConnectionKind's name; empty: a mistake in the URL, which is reported
  std::string url;   // empty: embedded
  Location location;
};

struct Pipeline {
  std::string name;
  Path file;
  std::shared_ptr<const SourceText> source;  // for the lines that messages show
  // SHA-256 of the file's keys and values after substitution of --set and ${…}; secrets count by
  // name only, comments and layout not at all.
  std::string file_hash;
  Timetable schedule;
  std::vector<Task> tasks;      // in an order in which every task comes after its upstream tasks
  std::vector<Stream> streams;  // implicit ones too; upstream first
  // Every topic that tasks and streams write and that `topics` names; not those that only SQL
  // names.
  std::map<std::string, Topic> topics;
  std::map<std::string, Connection> connections;  // the predefined ones too, with an empty URL
};

struct LoadOptions {
  std::map<std::string, std::string> set = {};      // --set NAME=VALUE: wins over the environment
  std::map<std::string, std::string> connect = {};  // --connect NAME=URL
  std::map<std::string, std::string> environment = {};
  Path secrets_directory = {};  // ${secret:NAME} is a file in it, or the environment's
};

// One mistake in a file; all of them are found in one pass.
struct Problem {
  Location location;
  std::string message;  // "unknown key `retires`; did you mean `retries`?"
  std::string line;     // the offending line of the file
};
// "users.yaml:12:5: error: unknown key …\n   12 |   retires: 3\n      |   ^~~~~~~"
std::string format_problem(const Problem& problem);

// A mistake at a place of the pipeline's file.
Problem problem_at(const Pipeline& pipeline, Location location, std::string message);
// Puts them in the order of the file, each once; at most 100, the last of which says how many more.
void sort_problems(std::vector<Problem>& problems);

// What could be read of a file with mistakes, for those who look for more of them.
struct PartialPipeline {
  Pipeline pipeline;  // without the parts that have mistakes
  // Every key and value of the file but its SQL: what a part with mistakes may be about.
  std::set<std::string> names;
  bool names_complete = true;  // false: a value is unknown, as its ${…} is
};

// The plan, or every mistake. I/O errors (no such file) are one problem without a place.
struct LoadResult {
  std::optional<Pipeline> pipeline;
  std::vector<Problem> problems;           // errors; empty when `pipeline` is set
  std::optional<PartialPipeline> partial;  // in place of `pipeline`, where it is YAML
};
LoadResult load_pipeline(const Path& file, const ConnectorCatalogue& connectors,
                         const LoadOptions& options);
// The same for a text; `file_name` is what places show.
LoadResult load_pipeline_text(std::string text, const std::string& file_name,
                              const ConnectorCatalogue& connectors, const LoadOptions& options);

// JSON Schema (draft-07) of the pipeline file.
std::string pipeline_json_schema(const ConnectorCatalogue& connectors);
// docs/pipeline-file.md's body: every key with type, default and sentence.
std::string pipeline_reference(const ConnectorCatalogue& connectors);

}  // namespace leat::config
