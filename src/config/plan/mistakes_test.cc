// Each mistake in a pipeline file gets its message, at its place.
#include <gtest/gtest.h>

#include "config/pipeline.h"
#include "config/plan/test_catalogue.h"

namespace leat::config {
namespace {

struct Mistake {
  const char* name;
  const char* text;
  std::vector<std::string> messages;  // "line:column: message", in order
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

// A task and a stream without mistakes, for what follows them.
#define GOOD_TASK "tasks:\n  t:\n    http: {url: u}\n    into: {topic: a}\n"
#define GOOD_STREAM "streams:\n  s:\n    sql: SELECT * FROM a\n    into: {table: b}\n"

const Mistake kMistakes[] = {
    // YAML
    {"Empty", "", {"0:0: the file is empty"}},
    {"OnlyComments", "# nothing\n", {"0:0: the file is empty"}},
    {"Syntax",
     "pipeline: p\ntasks: [a\n",
     {"3:1: not valid YAML: end of sequence flow not found; inside { } or [ ] a text that holds "
      "one of { } [ ] , must be quoted"}},
    {"Reserved",
     "pipeline: p\nschedule: @daily\n",
     {"2:11: a text that begins with `@` must be quoted: \"@…\""}},
    {"Asterisk",
     "pipeline: p\nschedule: */5 * * * *\n",
     {"2:11: a text that begins with `*` must be quoted: \"*…\""}},
    {"Tab", "pipeline: p\ntasks:\n\tt: 1\n", {"3:1: YAML does not indent with tabs; use spaces"}},
    {"DuplicateKey",
     "pipeline: p\n" GOOD_TASK "pipeline: q\n",
     {"6:1: the key `pipeline` is given twice; the first is at p.yaml:1:1"}},
    {"SecondDocument",
     "pipeline: p\n" GOOD_TASK "---\npipeline: q\n",
     {"6:1: a pipeline file holds one YAML document"}},
    {"NotAMapping", "- a\n", {"1:1: the file must be a mapping, not a list"}},
    {"ControlCharacter",
     "pipeline: \x01\n",
     {"1:11: a control character (0x01) cannot stand in a pipeline file"}},
    {"NotUtf8", "pipeline: \xff\n", {"1:11: the file is not UTF-8"}},
    {"Tag",
     "pipeline: !mine p\n" GOOD_TASK,
     {"1:17: the YAML tag !mine has no meaning in a pipeline file"}},
    {"MergeKey",
     "pipeline: p\ntasks:\n  t:\n    <<: {http: {url: u}}\n    http: {url: u}\n    into: {topic: "
     "a}\n",
     {"4:5: merge keys (<<) are not supported; write the keys out"}},
    // Substitution
    {"Unset",
     "pipeline: p\ntasks:\n  t:\n    http: {url: \"http://${HOST}/\"}\n    into: {topic: a}\n",
     {"4:25: `HOST` is not set: set it in the environment, pass --set HOST=…, or write "
      "${HOST:-default}"}},
    {"UnclosedReference",
     "pipeline: ${NAME\n" GOOD_TASK,
     {"1:11: `${` without its `}`; write $${ for a literal ${"}},
    {"NoReference",
     "pipeline: p-${a-b}\n" GOOD_TASK,
     {"1:13: `${a-b}` is no reference: write ${NAME}, ${NAME:-default} or ${secret:NAME}, and $${ "
      "for a literal ${"}},
    {"NoSecret",
     "pipeline: p\ntasks:\n  t:\n    http: {url: \"${secret:TOKEN}\"}\n    into: {topic: a}\n",
     {"4:18: the secret `TOKEN` is not set: set the environment variable of that name"}},
    {"SecretPath",
     "pipeline: p\ntasks:\n  t:\n    http: {url: \"${secret:../etc}\"}\n    into: {topic: a}\n",
     {"4:18: `../etc` is not the name of a secret: letters, digits, _, - and . only"}},
    // Keys and types
    {"UnknownKey",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    retires: 3\n    into: {topic: a}\n",
     {"5:5: unknown key `retires`; did you mean `retries`?"}},
    {"StrangeKey",
     "pipeline: p\n" GOOD_STREAM "colour: red\n",
     {"6:1: unknown key `colour`; known here are pipeline, schedule, tasks, streams, topics and "
      "connections"}},
    {"MissingName", GOOD_TASK, {"1:1: the file needs the key `pipeline`"}},
    {"MissingSql",
     "pipeline: p\nstreams:\n  s:\n    into: {table: b}\n",
     {"3:3: `s` needs the key `sql`"}},
    {"MissingInto",
     "pipeline: p\nstreams:\n  s:\n    sql: SELECT 1\n",
     {"3:3: `s` needs the key `into`"}},
    {"MissingUrl",
     "pipeline: p\ntasks:\n  t:\n    http: {}\n    into: {topic: a}\n",
     {"4:5: `http` needs the key `url`"}},
    {"RetriesAsNumber",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    retries: 3\n    into: {topic: a}\n",
     {"5:14: `retries` must be a mapping such as {count: 3, delay: 2s}, not `3`"}},
    {"NotAnInteger",
     "pipeline: p\n" GOOD_TASK "topics:\n  a: {partitions: four}\n",
     {"7:19: `partitions` must be a whole number, not `four`"}},
    {"IntegerIsAList",
     "pipeline: p\n" GOOD_TASK "topics:\n  a: {partitions: [4]}\n",
     {"7:19: `partitions` must be a whole number, not a list"}},
    {"NoUnit",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, timeout: 30}\n    into: {topic: a}\n",
     {"4:29: `timeout` must be a duration such as 30s or 1h30m, not `30`: it has no unit: ms, s, "
      "m, "
      "h, d or w"}},
    {"Bytes",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, max_bytes: 1 megabyte}\n    into: {topic: a}\n",
     {"4:31: `max_bytes` must be a size such as 64KiB or 10MB, not `1 megabyte`: it is not a whole "
      "number with a unit"}},
    {"Boolean",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, verify: yes}\n    into: {topic: a}\n",
     {"4:28: `verify` must be true or false, not `yes`"}},
    {"Number",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, rate: fast}\n    into: {topic: a}\n",
     {"4:26: `rate` must be a number, not `fast`"}},
    {"JsonPath",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, records: results[}\n    into: {topic: a}\n",
     {"4:36: not valid YAML: end of map flow not found; inside { } or [ ] a text that holds one of "
      "{ } [ ] , must be quoted"}},
    {"JsonPathQuoted",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, records: \"results[\"}\n    into: {topic: a}\n",
     {"4:38: `records` is `results[`, which is no JSONPath: expected *, an index or a quoted "
      "name"}},
    {"ListElement",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, retry_on: [429, x]}\n    into: {topic: a}\n",
     {"4:36: an entry of `retry_on` must be a whole number, not `x`"}},
    {"TwoOfOne",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, paginate: {link: next, next_url: $.n}}\n    "
     "into: "
     "{topic: a}\n",
     {"4:43: `paginate` has `link` and `next_url`; it may have one of them"}},
    {"NoneOfOne",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, paginate: link}\n    into: {topic: a}\n",
     {"4:30: `paginate` must be a mapping with one of page, link or next_url, not `link`"}},
    {"NothingOfOne",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u, paginate: {}}\n    into: {topic: a}\n",
     {"4:20: `paginate` needs one of the keys page, link or next_url"}},
    {"Choice",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: b}, from: latests}\n",
     {"3:46: `from` must be earliest or latest, not `latests`; did you mean `latest`?"}},
    {"EmptySql",
     "pipeline: p\nstreams:\n  s:\n    sql:\n    into: {table: b}\n",
     {"4:5: `sql` must be an SQL query, not nothing"}},
    // Names
    {"PipelineName",
     "pipeline: my pipeline\n" GOOD_TASK,
     {"1:11: the pipeline name `my pipeline` may hold letters, digits, _ and - only"}},
    {"TaskName",
     "pipeline: p\ntasks:\n  1t:\n    http: {url: u}\n    into: {topic: a}\n",
     {"3:3: the task name `1t` begins with a digit"}},
    {"TopicName",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    into: {topic: a b}\n",
     {"5:19: the topic name `a b` may hold letters, digits, ., _ and - only"}},
    {"InternalTopic",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    into: {topic: __leat_cursors}\n",
     {"5:19: the topic name `__leat_cursors` is kept for internal topics"}},
    {"TableName",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a.b.c}}\n",
     {"3:36: the table name `a.b.c` has more parts than schema.table"}},
    {"PipelineOfDuckdb",
     "pipeline: Memory\n" GOOD_TASK,
     {"1:11: the pipeline name `Memory` is kept by DuckDB, in which a pipeline is a database: "
      "choose another"}},
    {"PipelineMain",
     "pipeline: main\n" GOOD_TASK,
     {"1:11: the pipeline name `main` is kept by DuckDB, in which a pipeline is a database: choose "
      "another"}},
    {"TableOfLeat",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: __LEAT.store}}\n",
     {"3:36: the table name `__LEAT.store` is kept for Leat's own tables: choose another"}},
    {"QuotedTable",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: '\"__leat\".store'}}\n",
     {"3:36: the table name `\"__leat\".store` must begin with a letter or _"}},
    {"SchemaOfDuckdb",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: Temp.t}}\n",
     {"3:36: the table name `Temp.t` is in a schema that DuckDB keeps: choose another schema"}},
    {"TableInMainTwice",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: [{table: tab}, {table: main.Tab}]}\n",
     {"3:44: the target table `main.Tab` is given twice"}},
    {"HdfsAboveTheDataDirectory",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: a/../../x}}\n",
     {"3:35: the hdfs path `a/../../x` may not hold . or .. as a part: files are written below "
      "hdfs/ in the data directory, as in hdfs: data/users"}},
    {"HdfsAddress",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: \"hdfs://namenode:9000/x\"}}\n",
     {"3:35: the hdfs path `hdfs://namenode:9000/x` is an address: files are written below hdfs/ "
      "in the data directory, so write the path alone, as in hdfs: data/users"}},
    {"HdfsServer",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: \"namenode:9000/x\"}}\n",
     {"3:35: the hdfs path `namenode:9000/x` begins with a server and its port: files are written "
      "below hdfs/ in the data directory, so write the path alone, as in hdfs: data/users"}},
    {"HdfsControlCharacter",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: \"a\\tb\"}}\n",
     {"3:35: the hdfs path `a\\x09b` may not hold a control character"}},
    {"HdfsPattern",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: \"a/*\"}}\n",
     {"3:35: the hdfs path `a/*` may not hold *, ? or ["}},
    {"HdfsRoot",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {hdfs: /}}\n",
     {"3:35: the hdfs path `/` is empty"}},
    {"SameName",
     "pipeline: p\n" GOOD_TASK "streams:\n  t: {sql: SELECT 1, into: {table: b}}\n",
     {"7:3: `t` is the name of a task already; give the stream another one"}},
    // Tasks
    {"NothingToDo", "pipeline: p\n", {"1:1: a pipeline needs at least one task or stream"}},
    {"NoSource",
     "pipeline: p\ntasks:\n  t:\n    into: {topic: a}\n",
     {"3:3: `t` needs one of the keys http or file"}},
    {"TwoSources",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    file: {path: f}\n    into: {topic: a}\n",
     {"5:5: `t` has `http` and `file`; it may have one of them"}},
    {"UnknownUpstream",
     "pipeline: p\ntasks:\n  load_users: {http: {url: u}, into: {topic: a}}\n  t: {http: {url: u}, "
     "into: {topic: b}, after: load_user}\n",
     {"4:48: unknown task `load_user`; did you mean `load_users`?"}},
    {"TaskCycle",
     "pipeline: p\ntasks:\n  a: {http: {url: u}, into: {topic: a}, after: b}\n"
     "  b: {http: {url: u}, into: {topic: b}, after: [c]}\n"
     "  c: {http: {url: u}, into: {topic: c}, after: a}\n",
     {"3:3: tasks wait for each other in a circle: a → c → b → a"}},
    {"OwnUpstream",
     "pipeline: p\ntasks:\n  a: {http: {url: u}, into: {topic: a}, after: a}\n",
     {"3:3: tasks wait for each other in a circle: a → a"}},
    {"TwoTopics",
     "pipeline: p\ntasks:\n  t:\n    http: {url: u}\n    into: [{topic: a}, {topic: b}]\n",
     {"5:25: a task writes one topic; this one already writes `a`"}},
    {"RetryCount",
     "pipeline: p\ntasks:\n  t: {http: {url: u}, into: {topic: a}, retries: {count: -1}}\n",
     {"3:58: `count` must be between 0 and 1000, not `-1`"}},
    {"TaskSchedule",
     "pipeline: p\ntasks:\n  t:\n    schedule: \"@daily\"\n    http: {url: u}\n    into: {topic: "
     "a}\n",
     {"4:5: `schedule`: a task runs on its pipeline's schedule; put it into a pipeline of its own "
      "for another one"}},
    // Targets
    {"IntoText",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: users}\n",
     {"3:28: an entry of `into` must be a mapping such as {table: name, key: id}"}},
    {"EmptyInto",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: []}\n",
     {"3:28: `into` is an empty list"}},
    {"UnknownTarget",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {tabel: a}}\n",
     {"3:29: unknown target `tabel`; did you mean `table`?"}},
    {"StrangeTarget",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {elasticsearch: a}}\n",
     {"3:29: unknown target `elasticsearch`; a target is topic, kafka, table, postgres, "
      "cassandra, hdfs or console, or a connection's name"}},
    {"NoTarget",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {key: a}}\n",
     {"3:28: an entry of `into` needs a target: topic, kafka, table, postgres, cassandra, hdfs "
      "or console, or a connection's name"}},
    {"TwoTargets",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a, postgres: b}}\n",
     {"3:39: an entry of `into` names one target; this one names `table` and `postgres`: write a "
      "list of two entries"}},
    {"NoTargetType",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {registry: a}}\n",
     {"3:29: `registry` cannot be a target: the connection's type is registry"}},
    {"TargetOption",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {cassandra: a, key: k, null: keep}}\n",
     {"3:51: a key must be a plain text"}},
    {"TargetOptionName",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {cassandra: a, key: k, nuls: keep}}\n",
     {"3:51: unknown key `nuls`; did you mean `nulls`?"}},
    {"RepeatedTarget",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: [{table: a}, {table: a, key: k}]}\n",
     {"3:42: the target table `a` is given twice"}},
    {"KeyTwice",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a, key: [k, l, k]}}\n",
     {"3:51: `key` names `k` twice"}},
    {"KeyEmpty",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a, key: []}}\n",
     {"3:44: `key` is an empty list; leave it out to append"}},
    {"KeyOfMany",
     "pipeline: p\ntasks:\n  t: {http: {url: u}, into: {topic: a, key: \"ids[*]\"}}\n",
     {"3:45: a key is one value; `ids[*]` names many"}},
    {"UpsertWithoutKey",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {table: a, mode: upsert}}\n",
     {"3:45: `mode: upsert` needs a `key` for the target `table`"}},
    {"CassandraWithoutKey",
     "pipeline: p\nstreams:\n  s: {sql: SELECT 1, into: {cassandra: a}}\n",
     {"3:29: a Cassandra table needs a `key`: it is its primary key"}},
    {"StreamIntoItsOwnTopic",
     "pipeline: p\nstreams:\n  s: {sql: SELECT * FROM a, into: {topic: a}}\n",
     {"3:3: streams feed each other in a circle: s → topic a → s"}},
    {"StreamCycle",
     "pipeline: p\nstreams:\n  s: {sql: SELECT * FROM b, into: {topic: a}}\n"
     "  t: {sql: SELECT * FROM a, into: {kafka: b}}\n",
     {"3:3: streams feed each other in a circle: s → topic a → t → topic b → s"}},
    // Topics
    {"NoPartitions",
     "pipeline: p\n" GOOD_TASK "topics:\n  a: {partitions: 0}\n",
     {"7:19: `partitions` must be between 1 and 1000, not `0`"}},
    {"SchemaWord",
     "pipeline: p\n" GOOD_TASK "topics:\n  a: {schema: stricts}\n",
     {"7:15: `schema` must be inferred, strict or a mapping of fields to types such as {id: UUID}; "
      "did you mean `strict`?"}},
    {"Avro",
     "pipeline: p\n" GOOD_TASK "topics:\n  a: {format: avro}\n",
     {"7:15: `format: avro` is not built yet; records are json"}},
    // Timetables
    {"CronFields",
     "pipeline: p\nschedule: \"* * *\"\n" GOOD_TASK,
     {"2:11: `schedule` is `* * *`, which is no timetable: expected five fields (minute, hour, day "
      "of month, month, day of week), not 3"}},
    {"CronValue",
     "pipeline: p\nschedule: \"0 25 * * *\"\n" GOOD_TASK,
     {"2:14: `schedule` is `0 25 * * *`, which is no timetable: hour field: 25 is not within "
      "0-23"}},
    {"NamedTimetable",
     "pipeline: p\nschedule: \"@dayly\"\n" GOOD_TASK,
     {"2:12: `schedule` is `@dayly`, which is no timetable: did you mean `@daily`?"}},
    {"Timezone",
     "pipeline: p\nschedule: {cron: \"0 0 * * *\", timezone: Europe/Paris}\n" GOOD_TASK,
     {"2:31: `timezone`: not built yet; until the scheduler is, a timetable is every or cron, in "
      "UTC "
      "and without catchup"}},
    {"CronInAMapping",
     "pipeline: p\nschedule: {cron: \"0 25 * * *\"}\n" GOOD_TASK,
     {"2:21: `cron` is `0 25 * * *`, which is no timetable: hour field: 25 is not within 0-23"}},
    {"CronOfTheWrongShape",
     "pipeline: p\nschedule: {cron: {every: 1h}}\n" GOOD_TASK,
     {"2:18: `cron` must be a text, not a mapping"}},
    {"EveryAndCron",
     "pipeline: p\nschedule: {cron: \"0 0 * * *\", every: 1h}\n" GOOD_TASK,
     {"2:31: `schedule` has `cron` and `every`; it may have one of them"}},
    {"EveryTooOften",
     "pipeline: p\nschedule: {every: 10ms}\n" GOOD_TASK,
     {"2:19: `every` must be at least 1s"}},
    // Connections
    {"RealConnection",
     "pipeline: p\n" GOOD_TASK "connections:\n  postgres: postgres://localhost/db\n",
     {"7:3: connecting to a real PostgreSQL is not built yet; without the connection `postgres` it "
      "is "
      "the embedded store"}},
    {"NamedConnection",
     "pipeline: p\nconnections:\n  warehouse: cassandra://localhost:9042\nstreams:\n"
     "  s: {sql: SELECT 1, into: {warehouse: a.b, key: k}}\n",
     {"3:3: connecting to a real Cassandra is not built yet; without the connection `warehouse` it "
      "is "
      "the embedded store"}},
    {"Scheme",
     "pipeline: p\n" GOOD_TASK "connections:\n  db: postgress://localhost/db\n",
     {"7:7: unknown URL scheme `postgress`; did you mean `postgres`?"}},
    {"NoUrl",
     "pipeline: p\n" GOOD_TASK "connections:\n  db: localhost\n",
     {"7:7: the connection `db` needs a URL such as postgres://host/database"}},
    {"WrongType",
     "pipeline: p\n" GOOD_TASK "connections:\n  postgres: cassandra://localhost\n",
     {"7:13: the connection `postgres` cannot have the URL of a Cassandra; give it another name"}},
    {"TakenName",
     "pipeline: p\n" GOOD_TASK "connections:\n  table: postgres://localhost/db\n",
     {"7:3: a connection cannot be named `table`: in `into`, `table` has a meaning of its own"}},
    // All at once
    {"AllAtOnce",
     "pipelin: p\nschedule: never\ntasks:\n  t:\n    htp: {url: u}\n    into: {topics: a}\n"
     "streams:\n  s:\n    sq: SELECT 1\n    into: {table: b, mode: upser}\n",
     {"1:1: the file needs the key `pipeline`",
      "1:1: unknown key `pipelin`; did you mean `pipeline`?",
      "2:11: `schedule` is `never`, which is no timetable: expected five fields (minute, hour, day "
      "of "
      "month, month, day of week), not 1",
      "4:3: `t` needs one of the keys http or file", "5:5: unknown key `htp`; did you mean `http`?",
      "6:12: unknown target `topics`; did you mean `topic`?", "8:3: `s` needs the key `sql`",
      "9:5: unknown key `sq`; did you mean `sql`?",
      "10:28: `mode` must be append or upsert, not `upser`; did you mean `upsert`?"}},
};

class MistakesTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakesTest, HasItsMessage) {
  const auto result = load_pipeline_text(GetParam().text, "p.yaml", test_catalogue(), {});
  EXPECT_FALSE(result.pipeline);
  std::vector<std::string> messages;
  for (const auto& problem : result.problems) {
    EXPECT_EQ(problem.location.file, "p.yaml");
    messages.push_back(
        fmt::format("{}:{}: {}", problem.location.line, problem.location.column, problem.message));
  }
  EXPECT_EQ(messages, GetParam().messages);
}

INSTANTIATE_TEST_SUITE_P(All, MistakesTest, testing::ValuesIn(kMistakes),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace leat::config
