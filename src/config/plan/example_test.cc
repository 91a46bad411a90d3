// The example of docs/design.md section 2 gives the plan that it describes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/pipeline.h"
#include "config/plan/test_catalogue.h"

namespace leat::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kExample = R"(pipeline: user_automation
schedule: "@daily"                       # cron, @hourly…, {every: 60s}, or {cron:, timezone:, …}
tasks:
  stream_data_from_api:
    http:
      url: ${USERS_API:-https://randomuser.me/api/}
      query: {results: 100}
      records: results[*]                # JSONPath of the records in the response
    retries: {count: 3, delay: 2s, backoff: exponential, max_delay: 10m}
    into:
      - {topic: users_created, key: login.uuid}
      - {postgres: raw_users, key: login.uuid}
streams:
  created_users:
    sql: |
      SELECT login.uuid::UUID AS id, name.first AS first_name, name.last AS last_name, gender,
             location.street.number || ' ' || location.street.name AS address,
             location.postcode::VARCHAR AS post_code, email, login.username AS username,
             dob.date::TIMESTAMPTZ AS dob, registered.date::TIMESTAMPTZ AS registered_date, phone,
             picture.medium AS picture
      FROM users_created
    into: {cassandra: spark_streams.created_users, key: id}
topics:                                  # optional: partitions, retention, schema, format, key
  users_created: {partitions: 4}
connections: {}                          # everything embedded
)";

LoadResult load(LoadOptions options = {}) {
  return load_pipeline_text(kExample, "users.yaml", test_catalogue(), options);
}

class ExampleTest : public testing::Test {
 protected:
  void SetUp() override {
    LoadResult result = load();
    for (const auto& problem : result.problems) ADD_FAILURE() << format_problem(problem);
    ASSERT_TRUE(result.pipeline);
    pipeline_ = *result.pipeline;
  }
  Pipeline pipeline_;
};

TEST_F(ExampleTest, Frame) {
  EXPECT_EQ(pipeline_.name, "user_automation");
  EXPECT_EQ(pipeline_.file, "users.yaml");
  EXPECT_EQ(pipeline_.schedule.to_string(), "@daily");
  EXPECT_EQ(pipeline_.file_hash.size(), 64);
  for (const auto& [name, connection] : pipeline_.connections) {
    EXPECT_EQ(connection.type, name);
    EXPECT_EQ(connection.url, "");
  }
}

TEST_F(ExampleTest, Task) {
  ASSERT_EQ(pipeline_.tasks.size(), 1);
  const Task& task = pipeline_.tasks[0];
  EXPECT_EQ(task.name, "stream_data_from_api");
  EXPECT_EQ(task.location.to_string(), "users.yaml:4:3");
  EXPECT_EQ(task.source_type, "http");
  EXPECT_EQ(task.source["url"].text(), "https://randomuser.me/api/");
  EXPECT_EQ(task.source["query"]["results"].text(), "100");
  EXPECT_EQ(task.source["records"].text(), "results[*]");
  EXPECT_EQ(task.source["timeout"].duration(), std::chrono::seconds(30));
  EXPECT_EQ(task.retries.count, 3);
  EXPECT_EQ(task.retries.delay, std::chrono::seconds(2));
  EXPECT_TRUE(task.retries.exponential);
  EXPECT_EQ(task.retries.max_delay, std::chrono::minutes(10));
  EXPECT_EQ(task.topic, "users_created");
  EXPECT_THAT(task.key, ElementsAre("login.uuid"));
  EXPECT_THAT(task.after, IsEmpty());
  ASSERT_EQ(task.into.size(), 2);
  EXPECT_EQ(task.into[0].connector, "topic");
  EXPECT_EQ(task.into[0].mode, WriteMode::kAppend);
  EXPECT_EQ(task.into[1].connector, "postgres");
  EXPECT_EQ(task.into[1].location.to_string(), "users.yaml:12:10");
}

TEST_F(ExampleTest, ImplicitStream) {
  ASSERT_EQ(pipeline_.streams.size(), 2);
  const Stream& raw = pipeline_.streams[0];
  EXPECT_EQ(raw.name, "stream_data_from_api.raw_users");
  EXPECT_EQ(raw.implicit_topic, "users_created");
  EXPECT_EQ(raw.sql, "SELECT * FROM users_created");
  EXPECT_FALSE(raw.sql_node);
  ASSERT_EQ(raw.into.size(), 1);
  EXPECT_EQ(raw.into[0].connector, "postgres");
  EXPECT_EQ(raw.into[0].connection, "postgres");
  EXPECT_EQ(raw.into[0].name, "raw_users");
  EXPECT_THAT(raw.into[0].key, ElementsAre("login.uuid"));
  EXPECT_EQ(raw.into[0].mode, WriteMode::kUpsert);
}

TEST_F(ExampleTest, Stream) {
  ASSERT_EQ(pipeline_.streams.size(), 2);
  const Stream& users = pipeline_.streams[1];
  EXPECT_EQ(users.name, "created_users");
  EXPECT_EQ(users.implicit_topic, "");
  EXPECT_EQ(users.from, StartFrom::kEarliest);
  EXPECT_EQ(users.on_error, OnError::kDeadLetter);
  ASSERT_EQ(users.into.size(), 1);
  EXPECT_EQ(users.into[0].connector, "cassandra");
  EXPECT_EQ(users.into[0].name, "spark_streams.created_users");
  EXPECT_THAT(users.into[0].key, ElementsAre("id"));
  EXPECT_EQ(users.into[0].mode, WriteMode::kUpsert);
  EXPECT_EQ(users.into[0].options["nulls"].text(), "write");
  const size_t offset = users.sql.find("dob.date");
  EXPECT_EQ(users.sql_node.location_of(offset).to_string(), "users.yaml:19:14");
}

TEST_F(ExampleTest, Topics) {
  ASSERT_EQ(pipeline_.topics.size(), 1);
  const Topic& topic = pipeline_.topics.at("users_created");
  EXPECT_EQ(topic.name, "users_created");
  EXPECT_EQ(topic.partitions, 4);
  EXPECT_EQ(topic.schema_mode, SchemaMode::kInferred);
  EXPECT_FALSE(topic.declared_schema);
  EXPECT_FALSE(topic.retention_time);
  EXPECT_FALSE(topic.retention_bytes);
}

TEST_F(ExampleTest, SetWinsOverTheEnvironment) {
  const auto url = [](const LoadOptions& options) {
    return load(options).pipeline->tasks[0].source["url"].text();
  };
  EXPECT_EQ(url({.environment = {{"USERS_API", "http://environment/"}}}), "http://environment/");
  EXPECT_EQ(url({.set = {{"USERS_API", "http://set/"}},
                 .environment = {{"USERS_API", "http://environment/"}}}),
            "http://set/");
}

}  // namespace
}  // namespace leat::config
