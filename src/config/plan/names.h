// The rules for names in a pipeline file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leat::config {

// What is wrong with the name, as the end of a sentence ("begins with a digit"); nullopt: nothing.

// Pipelines, tasks, streams, connections: [a-zA-Z_][a-zA-Z0-9_-]*, at most 100 characters (they
// become parts of topic and file names).
std::optional<std::string> wrong_with_name(std::string_view name);
// Topics as in Kafka (org.apache.kafka.common.internals.Topic): [a-zA-Z0-9._-]{1,249}, not . or
// ..; names that begin with __ and _schemas are Leat's and Kafka's own.
std::optional<std::string> wrong_with_topic_name(std::string_view name);
// As wrong_with_name(), and no name of DuckDB's own databases, in whatever case: a pipeline is one.
std::optional<std::string> wrong_with_pipeline_name(std::string_view name);
// table or schema.table, each part as wrong_with_name(); not Leat's own, and no schema that DuckDB
// has itself, in whatever case.
std::optional<std::string> wrong_with_table_name(std::string_view name);
// A path below the data directory's hdfs/, with or without a / in front.
std::optional<std::string> wrong_with_hdfs_path(std::string_view path);

// The same text for all names of one table: `Tab`, `tab` and `main.tab`.
std::string table_identity(std::string_view name);

}  // namespace leat::config
