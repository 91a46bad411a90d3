// Where a list of pages ends: what an API may say, and what it does by mistake.
#include <gtest/gtest.h>

#include "source/http/http_source_for_test.h"

namespace leat::source {
namespace {

using std::chrono::milliseconds;

// What all pages gave together.
struct Pages {
  std::vector<std::string> records;
  std::vector<std::string> warnings;
  std::string error;  // empty: it came to its end
  std::string last_cursor;

  std::string warning() const { return warnings.empty() ? "" : warnings.back(); }
};

class HttpPagesTest : public ScriptedSourceTest {
 protected:
  // All pages; with `restarts` each by a source of its own, as after a crash.
  Pages read(const std::string& yaml, const std::vector<ScriptedReply>& replies,
             bool restarts = false) {
    serve(replies);
    Pages pages;
    auto reader = source(yaml);
    for (int i = 0; i < 60; ++i) {
      if (restarts) reader = source(yaml);
      const auto batch = reader->next(pages.last_cursor, {});
      if (!batch.ok()) {
        pages.error = batch.error().to_string();
        return pages;
      }
      for (const SourceRecord& record : batch->records) pages.records.emplace_back(record.value);
      for (const std::string& warning : batch->warnings) pages.warnings.push_back(warning);
      pages.last_cursor = batch->next_cursor;
      if (batch->last) return pages;
    }
    pages.error = "no end";
    return pages;
  }

  size_t asked() const { return server_.requests().size(); }
};

using Texts = std::vector<std::string>;

std::string body_url(int record, const std::string& next) {
  return fmt::format(R"({{"items":[{}],"next":{}}})", record, next);
}

constexpr const char* kNextUrl = "{url: SERVER/, records: items, paginate: {next_url: next}}";
constexpr const char* kCursor =
    "{url: SERVER/, records: items, paginate: {cursor: {path: next, param: after}}}";
constexpr const char* kLink = "{url: SERVER/, paginate: {link: next}}";
constexpr const char* kPage = "{url: SERVER/, records: items, paginate: {page: {}}}";
constexpr const char* kOffset = "{url: SERVER/, records: items, paginate: {offset: {}}}";

TEST_F(HttpPagesTest, ACircleOfAddressesEndsWhereItCloses) {
  for (const bool restarts : {false, true}) {
    const size_t before = asked();
    const Pages pages =
        read(kNextUrl,
             {respond(200, body_url(1, R"("/?c=B")")), respond(200, body_url(2, R"("/?c=A")")),
              respond(200, body_url(3, R"("/?c=B")"))},
             restarts);
    EXPECT_EQ(pages.error, "");
    EXPECT_EQ(pages.records, (Texts{"1", "2", "3"}));
    EXPECT_EQ(asked() - before, 3u);
    EXPECT_NE(pages.warning().find("names page 2 as the next one"), std::string::npos)
        << pages.warning();
  }
}

TEST_F(HttpPagesTest, ACircleOfCursorsOrLinksEndsWhereItCloses) {
  const Pages cursors =
      read(kCursor, {respond(200, body_url(1, R"("b")")), respond(200, body_url(2, "7")),
                     respond(200, body_url(3, R"("b")"))});
  EXPECT_EQ(cursors.records, (Texts{"1", "2", "3"})) << cursors.error;
  EXPECT_NE(cursors.warning().find("names page 2"), std::string::npos) << cursors.warning();
  EXPECT_TRUE(server_.requests().at(1).starts_with("GET /?after=b ")) << server_.requests().at(1);
  EXPECT_TRUE(server_.requests().at(2).starts_with("GET /?after=7 ")) << server_.requests().at(2);
  const Pages links = read(kLink, {respond(200, "[1]", "Link: </?p=2>; rel=next\r\n"),
                                   respond(200, "[2]", "Link: </>; rel=next\r\n")});
  EXPECT_EQ(links.records, (Texts{"1", "2"})) << links.error;
  EXPECT_NE(links.warning().find("names page 1"), std::string::npos) << links.warning();
}

TEST_F(HttpPagesTest, APageThatNamesItselfIsTheLast) {
  const Pages pages = read(kNextUrl, {respond(200, body_url(1, R"("/")"))});
  EXPECT_EQ(pages.records, Texts{"1"}) << pages.error;
  EXPECT_NE(pages.warning().find("names page 1"), std::string::npos) << pages.warning();
}

// Longer than what a cursor remembers page by page.
TEST_F(HttpPagesTest, ALongCircleEndsAlsoWhenEveryPageIsReadByANewProcess) {
  constexpr int kCircle = 20;
  for (const bool restarts : {false, true}) {
    std::vector<ScriptedReply> replies;
    for (int i = 0; i < 60; ++i)
      replies.push_back(respond(200, body_url(i, fmt::format(R"("/?c={}")", i % kCircle))));
    const size_t before = asked();
    const Pages pages = read(kNextUrl, replies, restarts);
    EXPECT_EQ(pages.error, "");
    EXPECT_EQ(asked() - before, restarts ? 51u : 21u);
    while (asked() < before + 60) (void)source(kNextUrl)->next("", {});  // takes what is left
  }
}

TEST_F(HttpPagesTest, APageThatComesAgainIsTheEndAndIsNotTakenTwice) {
  for (const bool restarts : {false, true}) {
    for (const char* yaml : {kPage, kOffset}) {
      const Pages pages = read(
          yaml,
          {respond(200, R"({"items":[1,2],"at":1})"), respond(200, R"({"items":[1,2],"at":2})")},
          restarts);
      EXPECT_EQ(pages.records, (Texts{"1", "2"})) << pages.error;
      EXPECT_NE(pages.warning().find("has the very records of page 1"), std::string::npos)
          << pages.warning();
    }
    // A new address each time.
    const Pages links =
        read(kNextUrl,
             {respond(200, body_url(1, R"("/?t=1")")), respond(200, body_url(2, R"("/?t=2")")),
              respond(200, body_url(1, R"("/?t=3")"))},
             restarts);
    EXPECT_EQ(links.records, (Texts{"1", "2"})) << links.error;
    EXPECT_NE(links.warning().find("circle"), std::string::npos) << links.warning();
  }
}

TEST_F(HttpPagesTest, RepeatedPagesCanBeRead) {
  const Pages pages =
      read("{url: SERVER/, records: items, paginate: {page: {}}, repeated_pages: read}",
           {respond(200, R"({"items":[1]})"), respond(200, R"({"items":[1]})"),
            respond(200, R"({"items":[]})")});
  EXPECT_EQ(pages.records, (Texts{"1", "1"})) << pages.error;
  EXPECT_TRUE(pages.warnings.empty()) << pages.warning();
  EXPECT_EQ(clock_.sleeps, std::vector<std::chrono::microseconds>{milliseconds(100)});
}

TEST_F(HttpPagesTest, OffsetsCountRecords) {
  const Pages pages = read(
      "{url: SERVER/, paginate: {offset: {param: skip, start: 10, size: {param: n, value: 2}}}}",
      {respond(200, "[1,2]"), respond(200, "[3]"), respond(200, "[]")}, true);
  EXPECT_EQ(pages.records, (Texts{"1", "2", "3"})) << pages.error;
  EXPECT_TRUE(server_.requests().at(0).starts_with("GET /?skip=10&n=2 "));
  EXPECT_TRUE(server_.requests().at(1).starts_with("GET /?skip=12&n=2 "));
  EXPECT_TRUE(server_.requests().at(2).starts_with("GET /?skip=13&n=2 "));
}

TEST_F(HttpPagesTest, AFirstCursorGivesWayToTheNext) {
  const Pages pages = read(
      "{url: 'SERVER/?after=*&n=1', records: items, "
      "paginate: {cursor: {path: next, param: after}}}",
      {respond(200, body_url(1, R"("b c")")), respond(200, body_url(2, "null"))}, true);
  EXPECT_EQ(pages.records, (Texts{"1", "2"})) << pages.error;
  EXPECT_TRUE(server_.requests().at(0).starts_with("GET /?after=*&n=1 "));
  EXPECT_TRUE(server_.requests().at(1).starts_with("GET /?n=1&after=b%20c "));
}

TEST_F(HttpPagesTest, AnAnswerThatIsNotReadyIsAskedForAgain) {
  const Pages pages =
      read("{url: SERVER/}", {respond(202, "{}", "Retry-After: 3\r\n"),
                              {"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"}});
  EXPECT_EQ(pages.error, "");
  EXPECT_TRUE(pages.records.empty());
  EXPECT_EQ(clock_.sleeps, std::vector<std::chrono::microseconds>{std::chrono::seconds(3)});
}

TEST_F(HttpPagesTest, WaysToSayThatThereIsNoNextPage) {
  for (const char* yaml : {kNextUrl, kCursor}) {
    for (const char* end : {"null", "false", R"("")", R"(" ")", "0", "[]", "{ }"}) {
      const Pages pages = read(yaml, {respond(200, body_url(1, end))});
      EXPECT_EQ(pages.records, Texts{"1"}) << end << ' ' << pages.error;
      EXPECT_TRUE(pages.warnings.empty()) << pages.warning();
    }
    const Pages left_out = read(yaml, {respond(200, R"({"items":[1]})")});
    EXPECT_EQ(left_out.records, Texts{"1"}) << left_out.error;
  }
}

TEST_F(HttpPagesTest, WhatIsNoAddressIsToldWithTheRemedy) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {kNextUrl, "2", "paginate: {cursor: {path: next, param: …}}"},
      {kNextUrl, "true", "next is true"},
      {kNextUrl, R"(["/a"])", "next is a list"},
      {kNextUrl, R"({"href":"/a"})", "`next_url: next.href`"},
      {kNextUrl, R"("ftp://a/")", "ftp"},
      {kCursor, R"({"a":1})", "next is an object"},
      {kCursor, "[1]", "a text or a number"},
  };
  for (const auto& [yaml, next, expected] : cases) {
    const Pages pages = read(yaml, {respond(200, body_url(1, next))});
    EXPECT_NE(pages.error.find(expected), std::string::npos) << next << ": " << pages.error;
  }
  EXPECT_EQ(asked(), cases.size());
}

TEST_F(HttpPagesTest, AStatusBeyondTheLastPageIsTheEnd) {
  for (const int status : {404, 410, 416, 204}) {
    for (const char* yaml : {kPage, kOffset}) {
      const Pages pages = read(
          yaml, {respond(200, R"({"items":[1]})"),
                 status == 204 ? ScriptedReply{"HTTP/1.1 204 -\r\n\r\n"} : respond(status, "{}")});
      EXPECT_EQ(pages.records, Texts{"1"}) << status << ' ' << pages.error;
      EXPECT_EQ(pages.error, "") << status;
    }
  }
  // It gave the address itself.
  const Pages linked = read(kNextUrl, {respond(200, body_url(1, R"("/b")")), respond(404, "{}")});
  EXPECT_NE(linked.error.find("status 404"), std::string::npos) << linked.error;
  // The first page is another matter: a wrong address looks like this.
  const Pages none = read(kPage, {respond(404, "{}")});
  EXPECT_NE(none.error.find("status 404"), std::string::npos) << none.error;
}

TEST_F(HttpPagesTest, WhichStatusesMeanAnEndCanBeSaid) {
  const Pages pages = read(
      "{url: SERVER/, records: items, paginate: {page: {}}, end_status: 400, retries: {count: 0}}",
      {respond(200, R"({"items":[1]})"), respond(400, "no such page")});
  EXPECT_EQ(pages.records, Texts{"1"}) << pages.error;
  EXPECT_EQ(pages.error, "");
  const Pages strict = read("{url: SERVER/, records: items, paginate: {page: {}}, end_status: []}",
                            {respond(200, R"({"items":[1]})"), respond(404, "{}")});
  EXPECT_NE(strict.error.find("status 404"), std::string::npos) << strict.error;
  const Pages nothing = read("{url: SERVER/, records: items, empty_status: [404, 500]}",
                             {respond(500, "nothing found")});
  EXPECT_EQ(nothing.error, "");
  EXPECT_TRUE(nothing.records.empty());
}

TEST_F(HttpPagesTest, AListThatIsNullIsEmpty) {
  for (const char* body : {R"({"items":null})", R"({"items":null,"error":null})", "null"}) {
    for (const char* records : {"items", "'items[*]'"}) {
      const Pages pages =
          read(fmt::format("{{url: SERVER/, records: {}}}", records), {respond(200, body)});
      EXPECT_EQ(pages.error, "") << body;
      EXPECT_TRUE(pages.records.empty());
    }
  }
  const Pages failed = read("{url: SERVER/, records: 'items[*]'}",
                            {respond(200, R"({"items":null,"error":"quota"})")});
  EXPECT_NE(failed.error.find("quota"), std::string::npos) << failed.error;
}

TEST_F(HttpPagesTest, AListThatIsLeftOut) {
  const std::string list = "{url: SERVER/, records: 'data.items[*]', paginate: {next_url: next}";
  const auto first = respond(200, R"({"data":{"items":[1]},"next":"/b"})");
  for (const char* body : {R"({"data":{}})", R"({"kind":"list"})", R"({"data":null})", ""}) {
    // On a later page it means that there is nothing, which is told where it is not usual.
    const Pages later = read(list + "}", {first, respond(200, body)});
    EXPECT_EQ(later.error, "") << body;
    EXPECT_EQ(later.records, Texts{"1"});
    const Pages usual = read(list + ", missing_records: nothing}", {respond(200, body)});
    EXPECT_EQ(usual.error, "") << body;
    EXPECT_TRUE(usual.warnings.empty()) << usual.warning();
  }
  EXPECT_NE(read(list + "}", {first, respond(200, "{}")}).warning().find("missing_records"),
            std::string::npos);
  const std::vector<std::pair<std::string, std::string>> errors = {
      {list + "}", R"({"kind":"list"})"},  // the first page: a wrong path looks like this
      {list + ", missing_records: nothing}", R"({"error":"quota"})"},
      {list + ", missing_records: nothing}", R"({"data":{"items":"n/a"}})"},
      {list + ", missing_records: nothing}", R"({"data":"n/a"})"},
  };
  for (const auto& [yaml, body] : errors) {
    const Pages pages = read(yaml, {respond(200, body)});
    EXPECT_NE(pages.error.find("does not fit"), std::string::npos) << body << ' ' << pages.error;
  }
  const Pages strict =
      read(list + ", missing_records: error}", {first, respond(200, R"({"kind":"list"})")});
  EXPECT_NE(strict.error.find("does not fit"), std::string::npos) << strict.error;
}

TEST_F(HttpPagesTest, PagesWithoutRecordsAreAskedForEverMoreSlowly) {
  std::vector<ScriptedReply> replies;
  for (int i = 0; i < 9; ++i)
    replies.push_back(respond(200, fmt::format(R"({{"items":[],"next":"/?t={}"}})", i)));
  replies.push_back(respond(200, body_url(1, R"("/?last")")));
  replies.push_back(respond(200, body_url(2, "null")));
  const Pages pages = read(kNextUrl, replies, true);
  EXPECT_EQ(pages.records, (Texts{"1", "2"})) << pages.error;
  std::vector<std::chrono::microseconds> expected;
  for (const int pause : {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000})
    expected.emplace_back(milliseconds(pause));
  EXPECT_EQ(clock_.sleeps, expected);
}

TEST_F(HttpPagesTest, RequestsKeepToTheRateLimit) {
  const Pages pages =
      read("{url: SERVER/, paginate: {page: {}}, rate_limit: 120/m}",
           {respond(200, "[1]"), respond(200, "[2]"), respond(200, "[3]"), respond(200, "[]")});
  EXPECT_EQ(pages.records.size(), 3u) << pages.error;
  EXPECT_EQ(clock_.sleeps, std::vector<std::chrono::microseconds>(3, milliseconds(500)));
}

TEST_F(HttpPagesTest, ASecretOfTheAddressIsNotStoredWhenALinkRepeatsIt) {
  const std::map<std::string, std::string> secrets = {{"KEY", "k/1:2"}, {"PATH", "p4th"}};
  const std::string yaml =
      "{url: 'SERVER/${secret:PATH}/items?key=${secret:KEY}', records: items, "
      "paginate: {next_url: next}}";
  const std::vector<std::pair<std::string, std::string>> written = {
      {"k/1:2", "k/1:2"}, {"k%2f1%3A2", "k%2F1%3A2"}, {"%6b/1:2", "k%2F1%3A2"}};
  for (const auto& [key, asked] : written) {
    server_.add(respond(200, body_url(1, fmt::format(R"("/p4th/items?key={}&p=2")", key))));
    server_.add(respond(200, body_url(2, "null")));
    const auto first = source(yaml, secrets)->next("", {});
    ASSERT_TRUE(first.ok()) << first.error().to_string();
    for (const std::string& part : {std::string("p4th"), key})
      EXPECT_EQ(first->next_cursor.find(part), std::string::npos) << first->next_cursor;
    EXPECT_NE(first->next_cursor.find("/items?key="), std::string::npos) << first->next_cursor;
    const auto second = source(yaml, secrets)->next(first->next_cursor, {});
    ASSERT_TRUE(second.ok()) << second.error().to_string();
    const std::string request = server_.requests().back();
    EXPECT_EQ(request.substr(0, request.find(" HTTP/")), "GET /p4th/items?key=" + asked + "&p=2");
    EXPECT_EQ(second->origin, server_.url("/***/items?key=***&p=2"));
  }
}

}  // namespace
}  // namespace leat::source
