#include "source/http/http_source.h"

#include <gtest/gtest.h>

#include "source/http/http_source_for_test.h"

namespace leat::source {
namespace {

using After = ScriptedReply::After;

std::vector<std::string> values(const SourceBatch& batch) {
  std::vector<std::string> texts;
  for (const SourceRecord& record : batch.records) texts.emplace_back(record.value);
  return texts;
}

class HttpSourceTest : public ScriptedSourceTest {
 protected:
  // Everything from `cursor` on, a new source for every batch, as after a crash each time.
  std::vector<std::string> read_all(const std::string& yaml, std::string cursor = "") {
    std::vector<std::string> all;
    for (int i = 0; i < 20; ++i) {
      auto batch = source(yaml)->next(cursor, {});
      EXPECT_TRUE(batch.ok()) << (batch.ok() ? "" : batch.error().to_string());
      if (!batch.ok()) break;
      for (std::string& value : values(*batch)) all.push_back(std::move(value));
      cursors_.push_back(batch->next_cursor);
      cursor = batch->next_cursor;
      if (batch->last) break;
    }
    return all;
  }

  std::string request_line(size_t index) const {
    const std::string request = server_.requests().at(index);
    return request.substr(0, request.find(" HTTP/"));
  }

  std::vector<std::string> cursors_;
};

TEST_F(HttpSourceTest, RecordsKeepTheirOrderAndExactBytes) {
  serve({respond(
      200,
      R"({"info":{}, "results": [ {"a": 1.50,  "b":"é\u00e9"}, 12345678901234567890123, {} ]})")});
  const auto batch =
      source("{url: SERVER/api/, query: {results: 3, inc: [a, b]}, records: 'results[*]'}")
          ->next("", {});
  ASSERT_TRUE(batch.ok()) << batch.error().to_string();
  EXPECT_EQ(values(*batch), (std::vector<std::string>{R"({"a": 1.50,  "b":"é\u00e9"})",
                                                      "12345678901234567890123", "{}"}));
  EXPECT_TRUE(batch->last);
  EXPECT_EQ(batch->origin, server_.url("/api/?results=3&inc=a&inc=b"));
  EXPECT_EQ(request_line(0), "GET /api/?results=3&inc=a&inc=b");
  EXPECT_NE(server_.requests().at(0).find("User-Agent: leat/"), std::string::npos);
}

TEST_F(HttpSourceTest, KeysAreFoundInPassing) {
  for (const std::string records : {"results[*]", "results"}) {
    serve({respond(
        200, R"({"results": [{"id": "a"}, {"id": null}, {"x": 1}, {"id": 1.5}, {"id": 1.50}]})")});
    auto made = make_http_source(
        node_of("http", "{url: " + server_.url("/") + ", records: '" + records + "'}"), clock_,
        *codec::JsonPath::parse("id"));
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    const auto batch = (*made)->next("", {});
    ASSERT_TRUE(batch.ok()) << batch.error().to_string();
    std::vector<std::string_view> keys;
    for (const SourceRecord& record : batch->records) keys.push_back(record.key.value_or("(none)"));
    EXPECT_EQ(keys, (std::vector<std::string_view>{"a", "(none)", "(none)", "1.5", "(none)"}));
  }
}

TEST_F(HttpSourceTest, RecordsNameAListOrOneRecord) {
  const std::vector<std::tuple<std::string, std::string, size_t>> cases = {
      {"", R"([1,2,3])", 3},
      {"", R"({"a":1})", 1},
      {"", R"([])", 0},
      {"items", R"({"items":[1,2]})", 2},
      {"items", R"({"items":{"a":1}})", 1},
      {"'items[*].x'", R"({"items":[{"x":1},{"x":2}]})", 2},
  };
  for (const auto& [path, body, count] : cases) {
    serve({respond(200, body)});
    const auto batch =
        source("{url: SERVER/" + (path.empty() ? "" : ", records: " + path) + "}")->next("", {});
    ASSERT_TRUE(batch.ok()) << batch.error().to_string();
    EXPECT_EQ(batch->records.size(), count) << body;
  }
  serve({respond(200, R"({"error":"quota"})")});
  const auto none = source("{url: SERVER/, records: 'results[*]'}")->next("", {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().domain(), ErrorDomain::kUser);
  EXPECT_NE(none.error().message().find("quota"), std::string::npos) << none.error().to_string();
}

TEST_F(HttpSourceTest, NothingOfAnIncompleteOrInvalidResponseCounts) {
  serve({{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n[1,2", After::kClose},
         {"HTTP/1.1 200 OK\r\n\r\n[1,2", After::kClose},
         respond(200, "[1,2"),
         respond(200, "<html>busy</html>"),
         {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[1,2]", After::kClose},
         respond(200, "[1,2]")});
  const auto batch = source("{url: SERVER/}")->next("", {});
  ASSERT_TRUE(batch.ok()) << batch.error().to_string();
  EXPECT_EQ(batch->records.size(), 2u);
  EXPECT_EQ(server_.requests().size(), 6u);
  EXPECT_EQ(clock_.sleeps.size(), 5u);
  serve({respond(200, "[1,2")});
  const auto failed = source("{url: SERVER/, retries: {count: 0}}")->next("", {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().retry(), Retry::kYes);
}

TEST_F(HttpSourceTest, ABadRecordOfAPageIsALetterAndTheNextPageIsFound) {
  serve({respond(200, R"({"data":[{"id":1},{"s":"\ud83d"}],"next":"/2"})"),
         respond(200, R"({"data":[{"id":3},{"v":NaN}],"next":null})")});
  auto pages = source("{url: SERVER/1, records: data, paginate: {next_url: next}}");
  const auto first = pages->next("", {});
  ASSERT_TRUE(first.ok()) << first.error().to_string();
  EXPECT_EQ(values(*first), std::vector<std::string>{R"({"id":1})"});
  ASSERT_EQ(first->rejected.size(), 1u);
  EXPECT_EQ(first->rejected[0].bytes, R"({"s":"\ud83d"})");
  EXPECT_FALSE(first->last);
  const auto second = pages->next(first->next_cursor, {});
  ASSERT_TRUE(second.ok()) << second.error().to_string();
  EXPECT_EQ(values(*second), std::vector<std::string>{R"({"id":3})"});
  EXPECT_EQ(second->rejected.size(), 1u);
  EXPECT_TRUE(second->last);
  EXPECT_TRUE(clock_.sleeps.empty()) << "a complete page is not asked for again";
}

TEST_F(HttpSourceTest, PagesUntilAnEmptyOneAndResumesAtEach) {
  const std::string yaml =
      "{url: 'SERVER/i?q=1', paginate: {page: {param: p, start: 0, size: {param: n, value: 2}}}}";
  const std::vector<ScriptedReply> pages = {respond(200, "[1,2]"), respond(200, "[3]"),
                                            respond(200, "[]")};
  serve(pages);
  EXPECT_EQ(read_all(yaml), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(request_line(0), "GET /i?q=1&p=0&n=2");
  EXPECT_EQ(request_line(2), "GET /i?q=1&p=2&n=2");
  const auto cursors = cursors_;
  EXPECT_TRUE(cursors[0].starts_with(R"({"v":1,"pages":1,"page":1,"seen":")")) << cursors[0];
  serve({pages[1], pages[2]});
  EXPECT_EQ(read_all(yaml, cursors[0]), std::vector<std::string>{"3"});
  serve({pages[2]});
  EXPECT_TRUE(read_all(yaml, cursors[1]).empty());
  EXPECT_TRUE(read_all(yaml, cursors[2]).empty());  // the end asks for nothing
  EXPECT_EQ(server_.requests().size(), 6u);
}

TEST_F(HttpSourceTest, MaxPagesEndsWhatNeverEnds) {
  serve({respond(200, "[1]"), respond(200, "[2]"), respond(200, "[3]")});
  EXPECT_EQ(read_all("{url: SERVER/, paginate: {page: {param: page}}, max_pages: 2}"),
            (std::vector<std::string>{"1", "2"}));
}

TEST_F(HttpSourceTest, FollowsLinks) {
  const std::string yaml =
      "{url: 'SERVER/issues?per_page=2', headers: {X-Api: v3}, paginate: {link: next}}";
  serve({respond(
             200, "[1,2]",
             "Link: </issues?per_page=2&page=2>; rel=\"next\", </issues?page=2>; rel=\"last\"\r\n"),
         respond(200, "[3]", "Link: </issues?page=1>; rel=\"first\"\r\n")});
  EXPECT_EQ(read_all(yaml), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(request_line(1), "GET /issues?per_page=2&page=2");
  EXPECT_NE(server_.requests().at(1).find("X-Api: v3"), std::string::npos);
  serve({respond(200, "[3]")});
  EXPECT_EQ(read_all(yaml, cursors_[0]), std::vector<std::string>{"3"});
}

TEST_F(HttpSourceTest, FollowsUrlsInTheBody) {
  const std::string yaml = "{url: SERVER/, records: data, paginate: {next_url: $.links.next}}";
  serve({respond(200, R"({"data":[1],"links":{"next":"/b?c=1"}})"),
         respond(200, R"({"data":[2],"links":{"next":null}})")});
  EXPECT_EQ(read_all(yaml), (std::vector<std::string>{"1", "2"}));
  for (const char* end : {R"({"data":[9],"links":{"next":""}})", R"({"data":[9]})"}) {
    serve({respond(200, end)});
    EXPECT_EQ(read_all(yaml), std::vector<std::string>{"9"}) << end;
  }
}

TEST_F(HttpSourceTest, SecretsGoToTheirServerOnlyAndShowNowhere) {
  const std::string yaml =
      "{url: SERVER/, auth: {api_key: {query: api_key, value: '${secret:KEY}'}},"
      " query: {token: 'x-${secret:TOKEN}'}, retries: {count: 0}, records: data, paginate: "
      "{next_url: next}}";
  const std::map<std::string, std::string> secrets = {{"KEY", "k/1&2"}, {"TOKEN", "t0ken"}};
  const ScriptedServer other({respond(200, R"({"data":[3]})")});
  serve({respond(200, R"({"data":[1],"next":"/?page=2&api_key=k%2F1%262&token=x-t0ken"})"),
         respond(200, fmt::format(R"({{"data":[2],"next":"{}"}})", other.url("/page3"))),
         respond(401, "no such key: k/1&2, t0ken")});
  const auto reader = source(yaml, secrets);
  const auto first = reader->next("", {});
  ASSERT_TRUE(first.ok()) << first.error().to_string();
  EXPECT_EQ(request_line(0), "GET /?api_key=k%2F1%262&token=x-t0ken");
  EXPECT_EQ(first->origin.find("t0ken"), std::string::npos) << first->origin;
  const std::string stored =
      fmt::format(R"({{"v":1,"pages":1,"url":"{}",)", server_.url("/?page=2"));
  EXPECT_TRUE(first->next_cursor.starts_with(stored)) << first->next_cursor;
  const auto second = reader->next(first->next_cursor, {});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(request_line(1), "GET /?page=2&api_key=k%2F1%262&token=x-t0ken");
  ASSERT_TRUE(reader->next(second->next_cursor, {}).ok());
  EXPECT_TRUE(other.requests().at(0).starts_with("GET /page3 HTTP")) << other.requests().at(0);
  const auto refused = reader->next("", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().to_string().find("no such key: ***, ***"), std::string::npos)
      << refused.error().to_string();
}

TEST_F(HttpSourceTest, SendsBearerBasicAndHeaderKeys) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{bearer: abc}", "Authorization: Bearer abc\r\n"},
      {"{basic: {user: Aladdin, password: 'open sesame'}}",
       "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"},
      {"{api_key: {header: X-Key, value: v}}", "X-Key: v\r\n"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    serve({respond(200, "[]")});
    ASSERT_TRUE(source("{url: SERVER/, auth: " + cases[i].first + "}")->next("", {}).ok());
    EXPECT_NE(server_.requests().at(i).find(cases[i].second), std::string::npos)
        << server_.requests().at(i);
  }
}

TEST_F(HttpSourceTest, PostsJsonTextAndForms) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"{json: {a: [1, true]}}", "application/json", R"({"a":[1,true]})"},
      {"{text: 'a b'}", "text/plain; charset=utf-8", "a b"},
      {"{form: {a: 'b c', d: e}}", "application/x-www-form-urlencoded", "a=b%20c&d=e"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [body, type, sent] = cases[i];
    serve({respond(200, "[]")});
    ASSERT_TRUE(source("{url: SERVER/, method: POST, body: " + body + "}")->next("", {}).ok());
    const std::string request = server_.requests().at(i);
    EXPECT_NE(request.find("Content-Type: " + type + "\r\n"), std::string::npos) << request;
    EXPECT_TRUE(request.ends_with("\r\n\r\n" + sent)) << request;
  }
}

TEST_F(HttpSourceTest, WaitsForGitHubsRateLimits) {
  const auto now = clock_.now() / 1'000'000;
  serve({respond(403, "{}",
                 fmt::format("X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: {}\r\n", now + 29)),
         respond(403, R"({"message":"You have exceeded a secondary rate limit."})"),
         respond(200, "[1]")});
  EXPECT_TRUE(source("{url: SERVER/}")->next("", {}).ok());
  EXPECT_EQ(clock_.sleeps, (std::vector<std::chrono::microseconds>{std::chrono::seconds(30),
                                                                   std::chrono::seconds(60)}));
}

TEST_F(HttpSourceTest, ReadsNdjsonAndCsv) {
  serve({respond(200, "{\"a\":1}\nbad\n\n{\"a\":2}"), respond(200, "a,b\n1,x\n2\n")});
  const auto lines = source("{url: SERVER/, format: ndjson}")->next("", {});
  ASSERT_TRUE(lines.ok()) << lines.error().to_string();
  EXPECT_EQ(values(*lines), (std::vector<std::string>{"{\"a\":1}", "{\"a\":2}"}));
  ASSERT_EQ(lines->rejected.size(), 1u);
  EXPECT_EQ(lines->rejected[0].bytes, "bad");
  const auto rows = source("{url: SERVER/, format: csv}")->next("", {});
  ASSERT_TRUE(rows.ok()) << rows.error().to_string();
  EXPECT_EQ(values(*rows), (std::vector<std::string>{"{\"a\":1,\"b\":\"x\"}"}));
  EXPECT_EQ(rows->rejected.size(), 1u);
  // Nobody can know whether this is all of it.
  serve({{"HTTP/1.1 200 OK\r\n\r\na,b\n1,x\n", After::kClose}});
  EXPECT_FALSE(source("{url: SERVER/, format: csv}")->next("", {}).ok());
}

TEST_F(HttpSourceTest, NoContentIsAnEmptyPage) {
  serve({{"HTTP/1.1 204 No Content\r\n\r\n"}});
  const auto batch = source("{url: SERVER/}")->next("", {});
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->records.empty());
}

TEST_F(HttpSourceTest, RefusesWhatCannotBe) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{url: example.com}", "http://"},
      {"{url: 'ftp://a/'}", "ftp"},
      {"{url: 'http://a/', body: {text: x}}", "method: POST"},
      {"{url: 'http://a/', headers: {A: \"x\\r\\nB: y\"}}", "line end"},
      {"{url: 'http://a/', headers: {'A B': x}}", "a header's name"},
      {"{url: 'http://a/', headers: {A: \"x\\x01\"}}", "control character"},
      {"{url: 'http://a/', user_agent: \"x\\r\\nB: y\"}", "line end"},
      {"{url: 'http://a/', auth: {bearer: \"x\\r\\nB: y\"}}", "line end"},
      {"{url: 'http://a/', auth: {bearer: ''}}", "empty"},
      {"{url: 'http://a/', auth: {api_key: {header: K, value: \"x\\nB: y\"}}}", "line end"},
      {"{url: 'http://a/', auth: {api_key: {header: \"K: x\\r\\nB\", value: y}}}",
       "a header's name"},
      {"{url: 'http://a/', max_pages: 0}", "at least 1"},
      {"{url: 'http://a/?page=1', paginate: {page: {}}}", "has the parameter `page` already"},
      {"{url: 'http://a/', query: {n: 5}, paginate: {offset: {size: {param: n, value: 9}}}}",
       "has the parameter `n` already"},
      {"{url: 'http://a/', paginate: {page: {param: ''}}}", "`param` is an empty text"},
      {"{url: 'http://a/', paginate: {link: ''}}", "`link` is an empty text"},
      {"{url: 'http://a/', auth: {basic: {user: 'a:b', password: c}}}", "no colon"},
      {"{url: 'http://u:p@a/', auth: {bearer: x}}", "in `auth` alone"},
      {"{url: 'http://a/', redirects: -1}", "at least 0"},
      {"{url: 'http://a/', retries: {count: -1}}", "at least 0"},
      {"{url: 'http://a/', timeouts: {total: 0s}}", "leaves no time"},
      {"{url: 'http://a/', max_response_bytes: 0}", "at least 1"},
      {"{url: 'http://a/', end_status: [99]}", "200 to 599"},
      {"{url: 'http://a/', rate_limit: 0/s}", "such as 5/s"},
      {"{url: 'http://a/', rate_limit: fast}", "such as 5/s"},
      {"{url: 'http://a/', rate_limit: 5}", "such as 5/s"},
      {"{url: 'http://a/', rate_limit: 5/parsec}", "such as 5/s"},
      {"{url: 'http://a/', ca_file: /no/such/file}", "/no/such/file"},
      {"{url: 'http://a/', paginate: {page: {size: {param: n, value: 0}}}}", "at least one record"},
      {"{url: 'http://a/', format: csv, paginate: {cursor: {path: a}}}", "`cursor` is for"},
      {"{url: 'http://a/', format: csv, missing_records: nothing}", "`missing_records` is for"},
      {"{url: 'http://a/', auth: {api_key: {value: x}}}", "header"},
      {"{url: 'http://a/', format: csv, records: a}", "records"},
      {"{url: 'http://a/', csv: {delimiter: ab}}", "one ASCII character"},
      {"{url: 'http://a/', paginate: {next_url: 'a[*]'}}", "one value"},
  };
  for (const auto& [yaml, expected] : cases) {
    const auto made = make_http_source(node_of("http", yaml), clock_);
    ASSERT_FALSE(made.ok()) << yaml;
    EXPECT_EQ(made.error().domain(), ErrorDomain::kUser);
    EXPECT_NE(made.error().message().find("p.yaml:"), std::string::npos) << made.error().message();
    EXPECT_NE(made.error().message().find(expected), std::string::npos) << made.error().message();
  }
}

TEST_F(HttpSourceTest, TheDescriptionRefusesUnknownKeys) {
  EXPECT_NE(refusal_of("http", "{url: 'http://a/', metod: GET}").find("method"), std::string::npos);
  EXPECT_NE(refusal_of("http", "{method: GET}").find("url"), std::string::npos);
  EXPECT_NE(refusal_of("http", "{url: 'http://a/', method: PUT}").find("POST"), std::string::npos);
}

TEST_F(HttpSourceTest, AForeignCursorIsRefused) {
  for (const char* cursor : {"{}", "nonsense", R"({"v":2,"pages":1})", R"({"v":1})", "[]"}) {
    EXPECT_FALSE(source("{url: SERVER/}")->next(cursor, {}).ok()) << cursor;
  }
  EXPECT_TRUE(server_.requests().empty());
}

}  // namespace
}  // namespace leat::source
