#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/temporary_directory.h"
#include "config/pipeline.h"
#include "config/plan/circle_of_files.h"
#include "config/plan/test_catalogue.h"

namespace leat::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LoadResult load(const std::string& text, const LoadOptions& options = {},
                const std::vector<std::string>& connections = {}) {
  auto catalogue = test_catalogue();
  for (auto& kind : catalogue.connections) {
    kind.built = std::ranges::find(connections, kind.name) != connections.end();
  }
  return load_pipeline_text(text, "p.yaml", catalogue, options);
}

Pipeline loaded(const std::string& text, const LoadOptions& options = {},
                const std::vector<std::string>& connections = {}) {
  auto result = load(text, options, connections);
  for (const auto& problem : result.problems) ADD_FAILURE() << format_problem(problem);
  return result.pipeline ? *result.pipeline : Pipeline{};
}

std::vector<std::string> messages(const LoadResult& result) {
  std::vector<std::string> out;
  for (const auto& p : result.problems) out.push_back(p.location.to_string() + ": " + p.message);
  return out;
}

TEST(PartialPipeline, HoldsWhatHasNoMistake) {
  const auto result = load(
      "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    into: {topc: \"${A:-a}\"}\nstreams:\n  "
      "s:\n"
      "    sql: SELECT * FROM a\n    into: {table: b}\n");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_FALSE(result.pipeline);
  ASSERT_TRUE(result.partial);
  ASSERT_EQ(result.partial->pipeline.streams.size(), 1u);
  EXPECT_EQ(result.partial->pipeline.streams[0].sql, "SELECT * FROM a");
  EXPECT_TRUE(result.partial->names.contains("a"));
  EXPECT_FALSE(result.partial->names.contains("SELECT * FROM a"));
  EXPECT_TRUE(result.partial->names_complete);
}

TEST(PartialPipeline, IsNotThereForAGoodFileOrOneThatIsNoYaml) {
  EXPECT_FALSE(load("pipeline: p\ntasks: [\n").partial);
  const auto good =
      load("pipeline: p\nstreams:\n  s:\n    sql: SELECT * FROM a\n    into: {table: b}\n");
  EXPECT_TRUE(good.pipeline);
  EXPECT_FALSE(good.partial);
}

TEST(PartialPipeline, SaysThatAnUnsetVariableHidesNames) {
  const auto result =
      load("pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    into: {topic: \"${A}\"}\n");
  ASSERT_TRUE(result.partial);
  EXPECT_FALSE(result.partial->names_complete);
}

TEST(FormatProblem, LineAndCaret) {
  const auto result =
      load("pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    retires: 3\n    into: {topic: a}\n");
  ASSERT_EQ(result.problems.size(), 1);
  EXPECT_EQ(format_problem(result.problems[0]),
            "p.yaml:5:5: error: unknown key `retires`; did you mean `retries`?\n"
            "    5 |     retires: 3\n"
            "      |     ^~~~~~~");
}

TEST(FormatProblem, TabsCharactersAndNoPlace) {
  const auto shown = [](int column, std::string line) {
    return format_problem({.location = {.file = "f", .line = 1, .column = column},
                           .message = "m",
                           .line = std::move(line)});
  };
  EXPECT_EQ(shown(3, "\té*"), "f:1:3: error: m\n    1 | \té*\n      | \t ^");
  EXPECT_EQ(shown(2, "\té*"), "f:1:2: error: m\n    1 | \té*\n      | \t^");
  EXPECT_EQ(shown(1, ""), "f:1:1: error: m\n    1 | \n      | ^");
  EXPECT_EQ(format_problem({.location = {.file = "--connect x"}, .message = "m", .line = ""}),
            "error: --connect x: m");
  EXPECT_EQ(format_problem({.location = {}, .message = "m", .line = ""}), "error: m");
  const auto longest = shown(5001, std::string(5000, 'x') + "!" + std::string(5000, 'y'));
  EXPECT_LT(longest.size(), 500);
  EXPECT_THAT(longest, HasSubstr("x!y"));
}

TEST(LoadPipeline, FromAFile) {
  TemporaryDirectory folder;
  const Path path = folder.path() / "p.yaml";
  ASSERT_TRUE(
      real_file_system()
          .replace_file(path,
                        "pipeline: p\nstreams:\n  s: {sql: SELECT * FROM t, into: {table: x}}\n")
          .ok());
  const auto result = load_pipeline(path, test_catalogue(), {});
  EXPECT_EQ(messages(result), std::vector<std::string>{});
  ASSERT_TRUE(result.pipeline);
  EXPECT_EQ(result.pipeline->file, path);
  EXPECT_EQ(result.pipeline->streams[0].location.file, path.string());
}

TEST(LoadPipeline, FilesThatCannotBeRead) {
  TemporaryDirectory folder;
  const auto missing = load_pipeline(folder.path() / "none.yaml", test_catalogue(), {});
  ASSERT_EQ(missing.problems.size(), 1);
  EXPECT_EQ(missing.problems[0].location.line, 0);
  EXPECT_THAT(missing.problems[0].message, HasSubstr("none.yaml"));
  EXPECT_EQ(load_pipeline(folder.path(), test_catalogue(), {}).problems.size(), 1);
  const Path huge = folder.path() / "huge.yaml";
  ASSERT_TRUE(real_file_system().replace_file(huge, std::string(2 << 20, 'x')).ok());
  const auto refused = load_pipeline(huge, test_catalogue(), {});
  ASSERT_EQ(refused.problems.size(), 1);
  EXPECT_THAT(refused.problems[0].message, HasSubstr("a pipeline file may have 1048576"));
}

TEST(LoadPipeline, TasksComeAfterTheirUpstream) {
  const auto pipeline = loaded(
      "pipeline: p\ntasks:\n"
      "  c: {file: {path: f}, into: {topic: c}, after: [a, b]}\n"
      "  b: {file: {path: f}, into: {topic: b}, after: a}\n"
      "  a: {file: {path: f}, into: {topic: a}}\n");
  std::vector<std::string> names;
  for (const auto& task : pipeline.tasks) names.push_back(task.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
}

TEST(LoadPipeline, StreamsComeAfterTheirUpstream) {
  const auto pipeline = loaded(
      "pipeline: p\nstreams:\n"
      "  last: {sql: SELECT * FROM middle, into: {table: x}}\n"
      "  first: {sql: SELECT * FROM input, into: [{topic: middle, key: id}, {table: y}]}\n");
  ASSERT_EQ(pipeline.streams.size(), 2);
  EXPECT_EQ(pipeline.streams[0].name, "first");
  EXPECT_EQ(pipeline.streams[0].into[0].mode, WriteMode::kUpsert);
  EXPECT_TRUE(pipeline.topics.contains("middle"));
  EXPECT_FALSE(pipeline.topics.contains("input"));
}

TEST(LoadPipeline, ATaskWithoutTopicHasOneOfItsOwn) {
  const auto pipeline = loaded(
      "pipeline: p\ntasks:\n  t:\n    file: {path: f}\n"
      "    into: [{table: a}, {table: s.b, key: [x.y, z]}, {hdfs: /data/t}, {console: }]\n");
  const Task& task = pipeline.tasks.at(0);
  EXPECT_EQ(task.topic, "__leat_task.p.t");
  EXPECT_THAT(task.key, ElementsAre("x.y", "z"));  // of the first target with one
  EXPECT_EQ(pipeline.topics.at("__leat_task.p.t").partitions, std::nullopt);
  std::vector<std::string> names;
  for (const auto& stream : pipeline.streams) names.push_back(stream.name);
  EXPECT_THAT(names, ElementsAre("t.a", "t.s.b", "t./data/t", "t.console"));
  EXPECT_EQ(pipeline.streams[0].sql, "SELECT * FROM \"__leat_task.p.t\"");
  EXPECT_EQ(pipeline.streams[0].into[0].mode, WriteMode::kAppend);
  EXPECT_EQ(pipeline.streams[1].into[0].mode, WriteMode::kUpsert);
}

TEST(LoadPipeline, TheSameNameInTwoSystems) {
  const auto pipeline = loaded(
      "pipeline: p\ntasks:\n  t:\n    file: {path: f}\n    into: [{table: a}, {postgres: a}]\n");
  EXPECT_EQ(pipeline.streams.at(0).name, "t.a");
  EXPECT_EQ(pipeline.streams.at(1).name, "t.postgres.a");
}

TEST(LoadPipeline, TheTopicsOwnKeyIsTheDefault) {
  const auto pipeline = loaded(
      "pipeline: p\ntasks:\n"
      "  t: {file: {path: f}, into: {topic: a}}\n"
      "  u: {file: {path: f}, into: {topic: a, key: own}}\n"
      "topics:\n  a: {key: [id, at], retention: {time: 7d, bytes: 1GiB}, schema: strict}\n"
      "  b: {schema: {id: UUID, login: {uuid: VARCHAR}}}\n");
  EXPECT_THAT(pipeline.tasks.at(0).key, ElementsAre("id", "at"));
  EXPECT_THAT(pipeline.tasks.at(1).key, ElementsAre("own"));
  const Topic& a = pipeline.topics.at("a");
  EXPECT_EQ(a.retention_time, std::chrono::hours(168));
  EXPECT_EQ(a.retention_bytes, 1ULL << 30);
  EXPECT_EQ(a.schema_mode, SchemaMode::kStrict);
  EXPECT_EQ(pipeline.topics.at("b").declared_schema.json(),
            R"({"id":"UUID","login":{"uuid":"VARCHAR"}})");
}

TEST(LoadPipeline, ModesOfStreams) {
  const auto pipeline = loaded(
      "pipeline: p\nstreams:\n  s:\n    sql: SELECT 1\n    mode: append\n    from: latest\n    "
      "on_error: null\n"
      "    into: [{table: a, key: k}, {table: b, key: k, mode: upsert}, {topic: c, key: k}]\n");
  const Stream& stream = pipeline.streams.at(0);
  EXPECT_EQ(stream.from, StartFrom::kLatest);
  EXPECT_EQ(stream.on_error, OnError::kNull);
  EXPECT_EQ(stream.into[0].mode, WriteMode::kAppend);
  EXPECT_EQ(stream.into[1].mode, WriteMode::kUpsert);
  EXPECT_EQ(stream.into[2].mode, WriteMode::kUpsert);  // the key is that of the records
}

TEST(LoadPipeline, Schedules) {
  const auto schedule = [](const std::string& text) {
    return loaded("pipeline: p\nschedule: " + text +
                  "\nstreams:\n  s: {sql: SELECT 1, into: {table: a}}\n")
        .schedule.to_string();
  };
  EXPECT_EQ(schedule("{every: 90s}"), "every 1m30s");
  EXPECT_EQ(schedule("{cron: \"*/5 * * * *\"}"), "*/5 * * * *");
  EXPECT_EQ(schedule("'@hourly'"), "@hourly");
  EXPECT_EQ(schedule("none"), "none");
}

const char* const kNamed =
    "pipeline: p\nconnections: {warehouse: \"postgresql://u:${secret:PASSWORD}@db/x\"}\n"
    "streams:\n  s: {sql: SELECT 1, into: {warehouse: s.t, key: id}}\n";

TEST(LoadPipeline, NamedConnections) {
  const auto pipeline = loaded(kNamed, {.environment = {{"PASSWORD", "pw"}}}, {"postgres"});
  const Target& target = pipeline.streams.at(0).into.at(0);
  EXPECT_EQ(target.connector, "postgres");
  EXPECT_EQ(target.connection, "warehouse");
  EXPECT_EQ(target.place, TargetPlace::kOutside);
  EXPECT_EQ(target.label(), "warehouse:s.t");
  EXPECT_EQ(target.name, "s.t");
  EXPECT_EQ(target.mode, WriteMode::kUpsert);
  EXPECT_EQ(pipeline.connections.at("warehouse").url, "postgresql://u:pw@db/x");
  EXPECT_EQ(pipeline.connections.at("postgres").url, "");
}

TEST(LoadPipeline, ConnectWinsOverTheFile) {
  const LoadOptions options{
      .connect = {{"warehouse", "postgres://other/y"}, {"postgres", "postgres://z/z"}},
      .environment = {{"PASSWORD", "pw"}}};
  const auto pipeline = loaded(kNamed, options, {"postgres"});
  EXPECT_EQ(pipeline.connections.at("warehouse").url, "postgres://other/y");
  EXPECT_EQ(pipeline.connections.at("postgres").url, "postgres://z/z");
}

TEST(LoadPipeline, MistakesInConnect) {
  const auto refused = [](const char* name, const char* url) {
    const auto result = load("pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a}}\n",
                             {.connect = {{name, url}}});
    return result.problems.empty() ? "" : format_problem(result.problems[0]);
  };
  EXPECT_EQ(refused("kafka", "kafka://broker:9092"),
            "error: --connect kafka: connecting to a real Kafka is not built yet; without the "
            "connection `kafka` it is the embedded log");
  EXPECT_EQ(refused("spark", "sc://host:15002"),
            "error: --connect spark: connecting to a real Spark is not built yet; without the "
            "connection `spark` it is the built-in stream engine");
  EXPECT_EQ(
      refused("registry", "https://host"),
      "error: --connect registry: connecting to a real schema registry is not built yet; without "
      "the connection `registry` it is the embedded registry");
  EXPECT_EQ(
      refused("hdfs", "webhdfs://host"),
      "error: --connect hdfs: connecting to a real HDFS is not built yet; without the connection "
      "`hdfs` it is a local directory of Parquet files");
  EXPECT_EQ(
      refused("x y", "kafka://broker"),
      "error: --connect x y: the connection name `x y` may hold letters, digits, _ and - only");
  EXPECT_EQ(refused("x", "kafak://broker"),
            "error: --connect x: unknown URL scheme `kafak`; did you mean `kafka`?");
}

TEST(LoadPipeline, SecretsAreNowhereInMessages) {
  const char* const text =
      "pipeline: p-${secret:S}!\nschedule: \"${secret:S}\"\ntasks:\n  t:\n"
      "    http: {url: u, timeout: \"${secret:S}\", records: \"${secret:S}[\", verify: "
      "\"${secret:S}\"}\n"
      "    retries: {backoff: \"${secret:S}\", count: \"${secret:S}\"}\n"
      "    after: \"${secret:S}\"\n"
      "    into: {table: \"${secret:S}.b.c\", key: [\"${secret:S}[*]\", \"${secret:S}[*]\"]}\n"
      "topics:\n  a: {partitions: \"${secret:S}\", schema: \"${secret:S}\", format: "
      "\"${secret:S}\"}\n"
      "connections: {x: \"${secret:S}\", y: \"postgres://${secret:S}\"}\n";
  const auto result = load(text, {.environment = {{"S", "hunter2"}}});
  EXPECT_GE(result.problems.size(), 12);
  for (const auto& problem : result.problems) {
    EXPECT_EQ(format_problem(problem).find("hunter2"), std::string::npos)
        << format_problem(problem);
  }
}

TEST(LoadPipeline, MaskedText) {
  const auto pipeline = loaded(
      "pipeline: p\ntasks:\n  t: {http: {url: \"http://h/?k=${secret:S}\"}, into: {topic: a}}\n",
      {.environment = {{"S", "hunter2"}}});
  const Node url = pipeline.tasks.at(0).source["url"];
  EXPECT_EQ(url.text(), "http://h/?k=hunter2");
  EXPECT_EQ(url.masked_text(), "http://h/?k=***");
}

TEST(LoadPipeline, FileHash) {
  const auto hash = [](const std::string& text, const LoadOptions& options) {
    return loaded("pipeline: p\ntasks:\n  t: {http: {url: \"" + text + "\"}, into: {topic: a}}\n",
                  options)
        .file_hash;
  };
  const auto plain = hash("u", {});
  EXPECT_EQ(plain, hash("u", {}));
  EXPECT_NE(plain, hash("v", {}));
  EXPECT_EQ(plain, hash("${A}", {.set = {{"A", "u"}}}));
  EXPECT_NE(plain, hash("${A}", {.set = {{"A", "v"}}}));
  EXPECT_EQ(hash("${secret:S}", {.environment = {{"S", "one"}}}),
            hash("${secret:S}", {.environment = {{"S", "two"}}}));
  EXPECT_NE(hash("${secret:S}", {.environment = {{"S", "u"}}}), plain);
  EXPECT_NE(hash("${secret:S}", {.environment = {{"S", "u"}, {"T", "u"}}}),
            hash("${secret:T}", {.environment = {{"S", "u"}, {"T", "u"}}}));
}

TEST(LoadPipeline, ManyMistakesAreCounted) {
  std::string text = "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a}}\n";
  for (int i = 0; i < 500; ++i) text += fmt::format("k{}: 1\n", i);
  const auto result = load(text);
  ASSERT_EQ(result.problems.size(), 100);
  EXPECT_EQ(result.problems.back().message, "and 401 more mistakes from here on");
}

TEST(Targets, AreWhereTheirConnectionAndItsUrlSay) {
  const char* const text =
      "pipeline: p\nstreams:\n"
      "  s: {sql: SELECT 1, into: [{topic: a}, {postgres: b}, {table: c}, {hdfs: d}, "
      "{console: e}]}\n";
  const auto embedded = loaded(text).streams.at(0).into;
  ASSERT_EQ(embedded.size(), 5U);
  EXPECT_EQ(embedded[0].place, TargetPlace::kTopic);
  EXPECT_EQ(embedded[0].connection, "kafka");
  EXPECT_EQ(embedded[1].place, TargetPlace::kTable);
  EXPECT_EQ(embedded[1].connection, "postgres");
  EXPECT_EQ(embedded[2].place, TargetPlace::kTable);
  EXPECT_EQ(embedded[3].place, TargetPlace::kOutside);
  EXPECT_EQ(embedded[4].place, TargetPlace::kOutside);

  const LoadOptions real{.connect = {{"kafka", "kafka://k:9092"}, {"postgres", "postgres://h/d"}}};
  const auto connected = loaded(text, real, {"kafka", "postgres"}).streams.at(0).into;
  ASSERT_EQ(connected.size(), 5U);
  EXPECT_EQ(connected[0].place, TargetPlace::kTopic);
  EXPECT_EQ(connected[1].place, TargetPlace::kOutside);
  EXPECT_EQ(connected[2].place, TargetPlace::kTable);
  // Counts and letters go on under the same names.
  for (size_t i = 0; i < embedded.size(); ++i) EXPECT_EQ(embedded[i].label(), connected[i].label());
}

TEST(CircleOfFiles, IsAMistakeOfTheFileWhereItBegins) {
  const auto file = [](const std::string& name, const std::string& reads,
                       const std::string& writes) {
    return load(
        fmt::format("pipeline: {}\nstreams:\n  s: {{sql: SELECT * FROM {}, into: {{topic: "
                    "{}}}}}\n",
                    name, reads, writes));
  };
  std::vector<LoadResult> line = {file("p", "a", "b"), file("q", "b", "c"), file("r", "b", "d")};
  refuse_circle_of_files(line);
  for (const auto& one : line) EXPECT_TRUE(one.pipeline);

  std::vector<LoadResult> circle = {file("p", "x", "y"), file("q", "a", "b"), file("r", "b", "a")};
  refuse_circle_of_files(circle);
  EXPECT_TRUE(circle[0].pipeline);
  EXPECT_FALSE(circle[1].pipeline);
  EXPECT_TRUE(circle[1].partial);
  EXPECT_THAT(messages(circle[1]), ElementsAre("p.yaml:3:3: streams feed each other in a circle: "
                                               "q.s → topic b → r.s → topic a → q.s"));
  EXPECT_TRUE(circle[2].pipeline);
}

TEST(Targets, BothNamesOfATopicAreOne) {
  const auto target = loaded("pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {kafka: a}}\n")
                          .streams.at(0)
                          .into.at(0);
  EXPECT_EQ(target.connector, "topic");
  EXPECT_EQ(target.connection, "kafka");
  EXPECT_EQ(target.label(), "topic:a");
  EXPECT_THAT(messages(load("pipeline: p\nstreams:\n"
                            "  s: {sql: SELECT 1, into: [{kafka: a}, {topic: a}]}\n")),
              ElementsAre("p.yaml:3:42: the target topic `a` is given twice"));
}

TEST(Targets, ATopicsKeyIsThatOfItsRecords) {
  const auto into = loaded(
                        "pipeline: p\nstreams:\n  s: {sql: SELECT 1, mode: append, into: [{topic: "
                        "a, key: k}, {topic: b}]}\n")
                        .streams.at(0)
                        .into;
  EXPECT_EQ(into.at(0).mode, WriteMode::kUpsert);
  EXPECT_EQ(into.at(1).mode, WriteMode::kAppend);
}

TEST(Targets, ATopicIsOfOneConnection) {
  const auto result = load(
      "pipeline: p\nconnections: {prod: \"kafka://k\"}\nstreams:\n"
      "  s: {sql: SELECT 1, into: {topic: a}}\n  t: {sql: SELECT 1, into: {prod: a}}\n",
      {}, {"kafka"});
  EXPECT_THAT(messages(result),
              ElementsAre("p.yaml:5:29: the topic `a` is one of the connection `kafka`; here it is "
                          "written through `prod`: give one of them another name"));
}

TEST(Targets, ATopicsOwnKeyIsThatOfAStreamWithoutOne) {
  const auto pipeline = loaded(
      "pipeline: p\ntopics: {a: {key: id}}\nstreams:\n"
      "  s: {sql: SELECT 1, into: {topic: a}}\n  t: {sql: SELECT 1, into: {topic: a, key: k}}\n");
  EXPECT_THAT(pipeline.streams.at(0).into.at(0).key, ElementsAre("id"));
  EXPECT_EQ(pipeline.streams.at(0).into.at(0).mode, WriteMode::kUpsert);
  EXPECT_THAT(pipeline.streams.at(1).into.at(0).key, ElementsAre("k"));
}

}  // namespace
}  // namespace leat::config
