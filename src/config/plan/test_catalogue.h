// Small connectors for this folder's tests; the real ones are described beside their code.
#pragma once

#include "config/catalogue.h"
#include "config/plan/names.h"

namespace leat::config {

inline ConnectorCatalogue test_catalogue() {
  const auto text = scalar(ValueKind::kText);
  ConnectorCatalogue catalogue;
  catalogue.sources = {
      {.name = "http",
       .value = mapping(
           {{.name = "url", .value = text, .doc = "The address.", .required = true},
            {.name = "query", .value = map_of(text), .doc = "Parameters of the query."},
            {.name = "records", .value = scalar(ValueKind::kJsonPath), .doc = "The records."},
            {.name = "timeout",
             .value = scalar(ValueKind::kDuration),
             .doc = "The longest wait.",
             .default_text = "30s"},
            {.name = "max_bytes",
             .value = scalar(ValueKind::kBytes),
             .doc = "The largest response.",
             .default_text = "64MiB"},
            {.name = "verify",
             .value = scalar(ValueKind::kBoolean),
             .doc = "Whether certificates are checked.",
             .default_text = "true"},
            {.name = "rate", .value = scalar(ValueKind::kNumber), .doc = "Requests a second."},
            {.name = "body", .value = scalar(ValueKind::kAny), .doc = "The body."},
            {.name = "retry_on",
             .value = list_of(scalar(ValueKind::kInteger)),
             .doc = "Statuses.",
             .default_text = "[429, 503]"},
            {.name = "paginate",
             .value =
                 one_of({{.name = "page", .value = mapping({{.name = "param", .value = text}})},
                         {.name = "link", .value = text},
                         {.name = "next_url", .value = scalar(ValueKind::kJsonPath)}}),
             .doc = "How to go on."}},
           "", "{url: https://example.com/items}"),
       .doc = "Reads an HTTP API."},
      {.name = "file",
       .value = mapping({{.name = "path", .value = text, .doc = "The files.", .required = true}}),
       .doc = "Reads files."}};
  const auto table = [](Key key, const std::string& connection) {
    return TargetKind{.key = std::move(key),
                      .place = TargetPlace::kTable,
                      .connection = connection,
                      .named = "table name",
                      .wrong_with = wrong_with_table_name,
                      .takes_mode = true};
  };
  auto cassandra = table({.name = "cassandra",
                          .value = mapping({{.name = "nulls",
                                             .value = text,
                                             .doc = "Nulls.",
                                             .default_text = "write",
                                             .choices = {"write", "keep"}}}),
                          .doc = "A table."},
                         "cassandra");
  cassandra.needs_key = "a Cassandra table";
  catalogue.targets = {{.key = {.name = "topic", .doc = "A topic."},
                        .place = TargetPlace::kTopic,
                        .connection = "kafka",
                        .named = "topic name",
                        .wrong_with = wrong_with_topic_name},
                       table({.name = "table", .doc = "A table."}, ""),
                       table({.name = "postgres", .doc = "A table."}, "postgres"),
                       cassandra,
                       {.key = {.name = "hdfs", .doc = "Parquet files."},
                        .connection = "hdfs",
                        .named = "hdfs path",
                        .wrong_with = wrong_with_hdfs_path},
                       {.key = {.name = "console", .doc = "Prints rows."}}};
  catalogue.connections = {
      {.name = "kafka", .shown = "Kafka", .schemes = {"kafka"}, .embedded = "the embedded log"},
      {.name = "registry",
       .shown = "schema registry",
       .schemes = {"http", "https"},
       .embedded = "the embedded registry"},
      {.name = "postgres",
       .shown = "PostgreSQL",
       .schemes = {"postgres", "postgresql"},
       .embedded = "the embedded store"},
      {.name = "cassandra",
       .shown = "Cassandra",
       .schemes = {"cassandra"},
       .embedded = "the embedded store"},
      {.name = "hdfs",
       .shown = "HDFS",
       .schemes = {"hdfs", "webhdfs"},
       .embedded = "a local directory of Parquet files"},
      {.name = "spark",
       .shown = "Spark",
       .schemes = {"spark", "sc"},
       .embedded = "the built-in stream engine"}};
  return catalogue;
}

}  // namespace leat::config
