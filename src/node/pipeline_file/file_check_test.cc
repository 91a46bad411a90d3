// Mistakes of the YAML and of the SQL in one list.
#include "node/pipeline_file/file_check.h"

#include <gtest/gtest.h>

#include "node/connectors/connectors.h"

namespace leat::node {
namespace {

using Lines = std::vector<std::string>;

config::LoadResult load(const std::string& text, const std::string& name = "p.yaml") {
  return config::load_pipeline_text(text, name, connector_catalogue(), {});
}

// "line:column: message" of every mistake, after those of `others` were loaded beside it.
std::vector<std::string> mistakes(const std::string& text,
                                  const std::vector<std::string>& others = {},
                                  const std::vector<std::string>* in_log = nullptr) {
  std::vector<config::LoadResult> files = {load(text)};
  for (const auto& other : others) files.push_back(load(other, "other.yaml"));
  const KnownTopics known(files, in_log);
  const auto checked = check_file(std::move(files.front()), nullptr, known);
  std::vector<std::string> lines;
  for (const auto& problem : checked.loaded.problems) {
    lines.push_back(
        fmt::format("{}:{}: {}", problem.location.line, problem.location.column, problem.message));
    EXPECT_FALSE(problem.line.empty()) << lines.back();
  }
  return lines;
}

TEST(FileCheck, AllMistakesInTheOrderOfTheFile) {
  Lines found = mistakes(
      "pipeline: p\n"
      "tasks:\n"
      "  t:\n"
      "    file: {path: a.ndjson}\n"
      "    retires: 3\n"
      "    into: {topic: orders}\n"
      "streams:\n"
      "  a:\n"
      "    sql: SELECT id FROM orders LIMIT 3\n"
      "    into: {tabel: a}\n"
      "  b:\n"
      "    sql: SELECT id FROM ordres\n"
      "    into: {table: b, key: idd}\n"
      "  c:\n"
      "    sql: SELECT lenth(id) AS x FROM orders\n"
      "    into: {table: c}\n"
      "colour: red\n");
  for (auto& line : found) line.resize(std::min<size_t>(line.size(), 46));
  EXPECT_EQ(found, (Lines{"5:5: unknown key `retires`; did you mean `retr",
                          "9:38: stream a: LIMIT has no meaning in a stre",
                          "10:12: unknown target `tabel`; did you mean `t",
                          "12:25: stream b: there is no topic ordres; did",
                          "13:12: the key `idd` is not a column of the qu",
                          "15:17: stream c: Scalar Function with name len",
                          "17:1: unknown key `colour`; known here are pip"}));
}

TEST(FileCheck, WhatASourceIsWrongInHasItsPlace) {
  const auto mistake = [](const std::string& source) {
    const Lines found =
        mistakes("pipeline: p\ntasks:\n  t:\n    " + source + "\n    into: {topic: t}\n");
    return found.size() == 1 ? found.front() : fmt::format("{} mistakes", found.size());
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http: {url: 'htp://a/'}",
       "4:17: `url`: \"htp\" is not a scheme that can be fetched: did you "
       "mean http://?"},
      {"http: {url: '127.0.0.1:8777/x'}",
       "4:17: `url`: not an absolute URL: it must begin with http:// or https://"},
      {"http: {url: 'http://a/', rate_limit: 0/s}",
       "4:42: `rate_limit` must be a number of requests in a time, such as 5/s, 100/m or 1000/h, "
       "not `0/s`"},
      {"http: {url: 'http://a/', auth: {bearer: \"a\\nb\"}}",
       "4:45: the header `Authorization` holds a line end"},
      {"file: {path: 's3://b/a.csv'}",
       "4:18: `path` names files of this machine, not `s3://b/a.csv`: fetch them first, and name "
       "what was written"},
  };
  for (const auto& [source, expected] : cases) EXPECT_EQ(mistake(source), expected);
}

// What is left of the source looks like one with another mistake.
TEST(FileCheck, ASourceWithAMistakeHasNoSecondOne) {
  for (const char* source : {"http: {url: '${secret:NONE}'}",
                             "http: {url: 'http://a/', auth: {bearer: '${secret:NONE}'}}",
                             "http: {url: 'http://a/', querry: {}}"}) {
    EXPECT_EQ(mistakes(fmt::format("pipeline: p\ntasks:\n  t:\n    {}\n    into: {{topic: t}}\n"
                                   "  u:\n    http: {{url: 'http://a/'}}\n    into: {{topic: u}}\n",
                                   source))
                  .size(),
              1u)
        << source;
  }
}

TEST(FileCheck, OneStreamWritesATable) {
  EXPECT_EQ(mistakes("pipeline: p\n"
                     "tasks:\n"
                     "  t: {file: {path: a.ndjson}, into: {topic: a}}\n"
                     "streams:\n"
                     "  x: {sql: SELECT id FROM a, into: {table: s.people}}\n"
                     "  y: {sql: SELECT id FROM a, into: [{table: S.People}, {table: y}]}\n"),
            (Lines{"6:38: the table S.People is written by the stream x already: one stream writes "
                   "a table; give this one another table, and read both with UNION ALL"}));
}

TEST(FileCheck, APartWithMistakesMayMakeATopic) {
  const std::string task =
      "pipeline: p\ntasks:\n  t:\n    file: {path: a}\n    into: {topc: feed}\n";
  const auto reads = [&](const std::string& topic) {
    return mistakes(
        task + "streams:\n  s:\n    sql: SELECT * FROM " + topic + "\n    into: {table: t}\n", {},
        nullptr);
  };
  ASSERT_EQ(reads("feed").size(), 1u);
  EXPECT_EQ(reads("feed")[0].substr(0, 5), "5:12:");
}

TEST(FileCheck, AnUnknownVariableMayBeAnyTopic) {
  const Lines empty_log;
  const Lines found = mistakes(
      "pipeline: p\ntasks:\n  t:\n    file: {path: a}\n    into: {topic: \"${FEED}\"}\n"
      "streams:\n  s:\n    sql: SELECT id FROM feed\n    into: {table: t}\n",
      {}, &empty_log);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("`FEED` is not set"), std::string::npos);
}

TEST(FileCheck, ADeclaredTypeThatIsNoneIsToldOnceAtItsPlace) {
  const Lines found = mistakes(
      "pipeline: p\nstreams:\n  a:\n    sql: SELECT id FROM t\n    into: {table: a}\n"
      "  b:\n    sql: SELECT o FROM t\n    into: {table: b}\n"
      "topics:\n  t:\n    schema:\n      id: BIGINT\n      o: [{x: BIGIN}]\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].substr(0, 42), "13:15: schema: Type with name BIGIN does n");
}

TEST(FileCheck, TwoColumnsOfOneNameAreAMistakeBeforeRecordsAreThere) {
  const Lines found = mistakes(
      "pipeline: p\nstreams:\n  a:\n    sql: SELECT id, id FROM t\n    into: {table: a}\n"
      "topics:\n  t: {}\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("two output columns are called `id`"), std::string::npos) << found[0];
}

TEST(FileCheck, TopicsOfOtherFilesAndOfTheLog) {
  const std::string reads =
      "pipeline: p\nstreams:\n  s:\n    sql: SELECT id FROM feed\n    into: {table: t}\n";
  const std::string writes =
      "pipeline: q\ntasks:\n  t:\n    file: {path: a}\n    into: {topic: feed}\n";
  const Lines empty_log;
  const Lines full_log = {"feed"};
  EXPECT_EQ(mistakes(reads, {}, &empty_log), Lines{"4:25: stream s: there is no topic feed"});
  EXPECT_EQ(mistakes(reads, {}, &full_log), Lines{});
  EXPECT_EQ(mistakes(reads, {writes}, &empty_log), Lines{});
  // The other file's mistake is not this one's.
  EXPECT_EQ(mistakes(reads, {writes + "    colour: red\n"}, &empty_log), Lines{});
  EXPECT_EQ(mistakes(reads, {"pipeline: [q\n"}, &empty_log), Lines{});
}

TEST(FileCheck, SqlThatCannotBeReadIsPassedOver) {
  EXPECT_EQ(
      mistakes("pipeline: p\nstreams:\n  s:\n    sql: [SELECT]\n    into: {table: t}\n").size(),
      1u);
  EXPECT_EQ(mistakes("pipeline: p\nstreams:\n  s:\n    into: {table: t}\n").size(), 1u);
}

TEST(FileCheck, WarningsWaitUntilTheFileIsWhole) {
  const std::string reads =
      "pipeline: p\nstreams:\n  s:\n    sql: SELECT id FROM feed\n    into: {table: t}\n";
  for (const auto& [text, warnings] :
       {std::pair(reads, 1u), std::pair(reads + "colour: red\n", 0u)}) {
    std::vector<config::LoadResult> files = {load(text)};
    const KnownTopics known(files, nullptr);
    EXPECT_EQ(check_file(std::move(files.front()), nullptr, known).warnings.size(), warnings);
  }
}

}  // namespace
}  // namespace leat::node
