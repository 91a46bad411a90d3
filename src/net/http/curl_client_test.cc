#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "net/http/client.h"
#include "net/http/redirects.h"
#include "net/http/scripted_server_for_test.h"

namespace leat::net {
namespace {

using std::chrono::milliseconds;
using After = ScriptedReply::After;

Result<HttpResponse> get(const ScriptedServer& server, HttpClientOptions options = {}) {
  return make_curl_client(std::move(options))->send({.url = server.url()}, {});
}

// The error of a transfer that must fail.
Error failure(ScriptedReply reply, HttpClientOptions options = {}) {
  const ScriptedServer server({std::move(reply)});
  auto result = get(server, std::move(options));
  EXPECT_FALSE(result.ok());
  return result.ok() ? internal_error("no failure") : result.error();
}

TEST(CurlClient, SendsARequestAndReadsTheResponse) {
  const ScriptedServer server({respond(201, "hello", "X-One: 1\r\nX-Empty:\r\n")});
  const auto client = make_curl_client({});
  const auto response = client->send({.method = "POST",
                                      .url = server.url("/a?b=c"),
                                      .headers = {{"X-Key", "k"}, {"Content-Type", "text/plain"}},
                                      .body = "question"},
                                     {});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->header("x-one"), "1");
  EXPECT_EQ(response->header("X-Empty"), "");
  EXPECT_EQ(response->header("X-None"), std::nullopt);
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /a?b=c HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("X-Key: k\r\n"), std::string::npos);
  EXPECT_EQ(request.find("Expect:"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\nquestion"));
}

TEST(CurlClient, KeepsTheConnection) {
  const ScriptedServer server({respond(200, "1"), respond(200, "2"), respond(404, "3")});
  const auto client = make_curl_client({});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->send({.url = server.url()}, {}).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, ReadsChunkedBodies) {
  const ScriptedServer chunked(
      {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}});
  EXPECT_EQ(get(chunked).value().body, "abcde");
}

TEST(CurlClient, AnIncompleteBodyIsAFailureThatMayPass) {
  const std::vector<ScriptedReply> replies = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", After::kClose},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", After::kReset},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", After::kClose},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", After::kClose},
      {"HTTP/1.1 200 OK\r\nConte", After::kClose},
      {"", After::kClose},
      {"", After::kReset},
  };
  for (size_t i = 0; i < replies.size(); ++i) {
    const Error error = failure(replies[i]);
    EXPECT_EQ(error.retry(), Retry::kYes) << i << ' ' << error.to_string();
    EXPECT_EQ(error.domain(), ErrorDomain::kExternal) << i;
  }
}

TEST(CurlClient, AnAnswerThatIsNotHttpMayPass) {
  const Error error = failure({"SSH-2.0-OpenSSH_9.2\r\n", After::kClose});
  EXPECT_EQ(error.domain(), ErrorDomain::kExternal);
  EXPECT_EQ(error.retry(), Retry::kYes);
  EXPECT_EQ(error.message(), "the answer is not HTTP: another kind of server may listen there");
}

TEST(CurlClient, ARefusedConnectionMayPass) {
  std::string url;
  {
    const ScriptedServer gone({});
    url = gone.url();
  }
  const auto result = make_curl_client({})->send({.url = url}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().retry(), Retry::kYes);
}

TEST(CurlClient, TimeOutsEndWhatHangs) {
  const Error idle = failure({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", After::kHang},
                             {.idle_timeout = milliseconds(60)});
  EXPECT_EQ(idle.code(), ErrorCode::kTimeout);
  EXPECT_EQ(idle.retry(), Retry::kYes);
  EXPECT_NE(idle.message().find("no byte"), std::string::npos) << idle.message();
}

TEST(CurlClient, AByteNowAndThenIsNotSilence) {
  // In a line of the headers and in the body; neither has an end.
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n";
  for (const std::string& sent : {head + "X-Padding: ", head + "\r\n"}) {
    const Error slow =
        failure({sent + std::string(9'000, 'x'), After::kKeepOpen, milliseconds(10)},
                {.idle_timeout = milliseconds(1000), .total_timeout = milliseconds(1500)});
    EXPECT_EQ(slow.code(), ErrorCode::kTimeout);
    EXPECT_EQ(slow.retry(), Retry::kYes);
    EXPECT_EQ(slow.message(), "the response was not complete after 1500 ms");
  }
}

TEST(CurlClient, StopsWhatIsTooLarge) {
  const Error large = failure(respond(200, std::string(2000, 'x')), {.max_response_bytes = 1999});
  EXPECT_EQ(large.retry(), Retry::kNo);
  EXPECT_NE(large.message().find("max_response_bytes"), std::string::npos);
  const ScriptedServer fits({respond(200, std::string(2000, 'x'))});
  EXPECT_TRUE(get(fits, {.max_response_bytes = 2000}).ok());
}

TEST(CurlClient, StopsHeadersThatDoNotEnd) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  while (head.size() < 290'000) head += "X-Padding: " + std::string(1000, 'x') + "\r\n";
  const Error error = failure({head, After::kHang}, {.idle_timeout = milliseconds(20'000)});
  EXPECT_EQ(error.retry(), Retry::kNo);
  EXPECT_NE(error.message().find("headers are larger"), std::string::npos) << error.message();
}

TEST(CurlClient, AStopEndsATransferAtOnce) {
  const ScriptedServer server({{"HTTP/1.1 200 OK\r\n", After::kHang}});
  std::stop_source stop;
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  const auto result = make_curl_client({})->send({.url = server.url()}, stop.get_token());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
}

TEST(CurlClient, ABadCaFileIsTheUsersMistake) {
  const ScriptedServer server({});
  std::string url = server.url();
  url.replace(0, 4, "https");
  const auto result =
      make_curl_client({.tls = {.ca_file = "/nonexistent/ca.pem"}})->send({.url = url}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().domain(), ErrorDomain::kUser) << result.error().to_string();
}

// Gives the text in pieces.
BodySource pieces_of(std::string text) {
  return [text = std::move(text), at = size_t{0}](MutableBytes into) mutable -> Result<size_t> {
    const size_t count = std::min({size_t{7}, into.size(), text.size() - at});
    std::memcpy(into.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

TEST(CurlClient, SendsABodyFromAReader) {
  const ScriptedServer server({respond(201, "")});
  const std::string text(100'000, 'x');
  const auto sent = make_curl_client({})->send({.method = "PUT",
                                                .url = server.url("/file"),
                                                .body_source = pieces_of(text),
                                                .body_size = text.size()},
                                               {});
  ASSERT_TRUE(sent.ok()) << sent.error().to_string();
  EXPECT_EQ(sent->status, 201);
  const std::string request = server.requests().at(0);
  EXPECT_TRUE(request.starts_with("PUT /file HTTP/1.1\r\n")) << request.substr(0, 200);
  EXPECT_NE(request.find("Content-Length: 100000\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + text));
}

TEST(CurlClient, ABodyHasTheAnnouncedSize) {
  const ScriptedServer server({respond(201, "")});
  const auto client = make_curl_client({});
  HttpRequest request{.method = "PUT", .url = server.url(), .body_size = 10};
  request.body_source = pieces_of("0123456789 and more");
  ASSERT_TRUE(client->send(request, {}).ok());
  EXPECT_TRUE(server.requests().at(0).ends_with("\r\n\r\n0123456789"));
  request.body_source = pieces_of("012345678");
  const auto sent = client->send(request, {});
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().message(), "the body ends after 9 of 10 bytes");
}

TEST(CurlClient, TheReadersErrorIsTheResult) {
  const ScriptedServer server({respond(201, "")});
  HttpRequest request{.method = "PUT", .url = server.url(), .body_size = 10};
  request.body_source = [](MutableBytes) -> Result<size_t> { return user_error("no such input"); };
  const auto sent = make_curl_client({})->send(request, {});
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().message(), "no such input");
  EXPECT_EQ(sent.error().domain(), ErrorDomain::kUser);
}

TEST(CurlClient, AStopEndsAnUpload) {
  const ScriptedServer server({});
  std::stop_source stop;
  int pieces = 0;
  HttpRequest request{.method = "PUT", .url = server.url(), .body_size = 1'000'000'000};
  request.body_source = [&](MutableBytes into) -> Result<size_t> {
    if (++pieces == 3) stop.request_stop();
    std::memset(into.data(), 'x', into.size());
    return into.size();
  };
  const auto sent = make_curl_client({})->send(request, stop.get_token());
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code(), ErrorCode::kCancelled);
}

TEST(CurlClient, ASinkTakesWhatSucceeds) {
  const ScriptedServer server({respond(200, "hello"), respond(404, "nothing here"),
                               respond(200, std::string(1'000'000, 'x'))});
  const auto client = make_curl_client({.max_response_bytes = 100});
  std::string got;
  HttpRequest request{.url = server.url(), .sink = [&got](std::string_view piece) {
                        got += piece;
                        return true;
                      }};
  const auto taken = client->send(request, {});
  ASSERT_TRUE(taken.ok()) << taken.error().to_string();
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(taken->body, "");
  const auto missing = client->send(request, {});
  ASSERT_TRUE(missing.ok()) << missing.error().to_string();
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(missing->body, "nothing here");
  request.sink = [](std::string_view) { return false; };
  const auto enough = client->send(request, {});
  ASSERT_TRUE(enough.ok()) << enough.error().to_string();
  EXPECT_EQ(enough->status, 200);
}

TEST(CurlClient, WhatHasNoBodySaysSo) {
  const ScriptedServer server(
      {respond(201, ""), respond(200, ""), {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}});
  const auto client = make_curl_client({});
  ASSERT_TRUE(client->send({.method = "PUT", .url = server.url()}, {}).ok());
  EXPECT_NE(server.requests().at(0).find("Content-Length: 0\r\n"), std::string::npos);
  ASSERT_TRUE(client->send({.method = "DELETE", .url = server.url()}, {}).ok());
  EXPECT_TRUE(server.requests().at(1).starts_with("DELETE / "));
  const auto head = client->send({.method = "HEAD", .url = server.url()}, {});
  ASSERT_TRUE(head.ok()) << head.error().to_string();
  EXPECT_EQ(head->header("Content-Length"), "5");
  EXPECT_EQ(head->body, "");
}

ScriptedReply redirect(int status, std::string_view to) {
  return respond(status, "moved", fmt::format("Location: {}\r\n", to));
}

TEST(Redirects, AreFollowedWithinTheSameServer) {
  const ScriptedServer server({redirect(302, "/b?c"), redirect(308, "d"), respond(200, "there")});
  const auto client = make_curl_client({});
  const auto response =
      send_following(*client, {.url = server.url("/a"), .headers = {{"X-Key", "k"}}}, 5, {});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "there");
  EXPECT_EQ(response->url, server.url("/d"));
  EXPECT_NE(server.requests().at(2).find("X-Key: k"), std::string::npos);
}

TEST(Redirects, TakeNoCredentialsToAnotherServer) {
  const ScriptedServer other({respond(200, "there")});
  const ScriptedServer server({redirect(307, other.url("/x"))});
  const auto client = make_curl_client({});
  const auto response = send_following(*client,
                                       {.method = "POST",
                                        .url = server.url(),
                                        .headers = {{"Authorization", "Bearer t"},
                                                    {"X-API-Key", "k"},
                                                    {"Cookie", "c"},
                                                    {"Accept", "a/b"}},
                                        .body = "question"},
                                       5, {});
  ASSERT_TRUE(response.ok());
  const std::string request = other.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /x ")) << request;
  EXPECT_TRUE(request.ends_with("question"));
  EXPECT_NE(request.find("Accept: a/b"), std::string::npos);
  for (const char* secret : {"Authorization", "X-API-Key", "Cookie"}) {
    EXPECT_EQ(request.find(secret), std::string::npos) << secret;
  }
}

TEST(Redirects, SeeOtherIsAskedForWithGet) {
  const ScriptedServer server({redirect(303, "/b"), respond(200, "there")});
  const auto client = make_curl_client({});
  ASSERT_TRUE(
      send_following(*client, {.method = "POST", .url = server.url(), .body = "q"}, 5, {}).ok());
  EXPECT_TRUE(server.requests().at(1).starts_with("GET /b ")) << server.requests().at(1);
}

TEST(Redirects, ABodyFromAReaderIsNotSentTwice) {
  const ScriptedServer server({redirect(307, "/b"), redirect(303, "/b"), respond(200, "there")});
  const auto client = make_curl_client({});
  HttpRequest request{.method = "POST", .url = server.url(), .body_size = 4};
  request.body_source = pieces_of("body");
  const auto again = send_following(*client, request, 5, {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().retry(), Retry::kNo);
  EXPECT_EQ(server.requests().size(), 1u);
  // To see another one it is not needed.
  request.body_source = pieces_of("body");
  EXPECT_EQ(send_following(*client, request, 5, {}).value().body, "there");
}

TEST(Redirects, ABodyGoesOnceToWhereItBelongs) {
  const ScriptedServer datanode({respond(201, "")});
  const ScriptedServer namenode({redirect(307, datanode.url("/data?op=CREATE&token=t"))});
  const auto client = make_curl_client({});
  const auto sent = send_body_to_redirect(*client,
                                          {.method = "PUT",
                                           .url = namenode.url("/webhdfs/v1/f?op=CREATE"),
                                           .headers = {{"Authorization", "Bearer t"}},
                                           .body_source = pieces_of("rows of a file"),
                                           .body_size = 14},
                                          {});
  ASSERT_TRUE(sent.ok()) << sent.error().to_string();
  EXPECT_EQ(sent->status, 201);
  const std::string first = namenode.requests().at(0);
  EXPECT_NE(first.find("Authorization: Bearer t\r\n"), std::string::npos) << first;
  EXPECT_NE(first.find("Content-Length: 0\r\n"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("\r\n\r\n")) << first;
  const std::string second = datanode.requests().at(0);
  EXPECT_TRUE(second.starts_with("PUT /data?op=CREATE&token=t ")) << second;
  EXPECT_TRUE(second.ends_with("\r\n\r\nrows of a file")) << second;
  EXPECT_EQ(second.find("Authorization"), std::string::npos) << second;
}

TEST(Redirects, ABodyThatIsSentNowhereIsKept) {
  const ScriptedServer server({respond(403, "no")});
  const auto client = make_curl_client({});
  HttpRequest request{.method = "PUT", .url = server.url(), .body_size = 4};
  request.body_source = [](MutableBytes) -> Result<size_t> {
    ADD_FAILURE() << "the body was read";
    return 0;
  };
  const auto refused = send_body_to_redirect(*client, request, {});
  ASSERT_TRUE(refused.ok()) << refused.error().to_string();
  EXPECT_EQ(refused->status, 403);
  EXPECT_EQ(refused->body, "no");
}

TEST(Redirects, LoopsAndDetoursEnd) {
  const auto client = make_curl_client({});
  const ScriptedServer loop({redirect(302, "/"), redirect(302, "/"), redirect(302, "/")});
  const auto looped = send_following(*client, {.url = loop.url()}, 2, {});
  ASSERT_FALSE(looped.ok());
  EXPECT_EQ(looped.error().retry(), Retry::kNo);
  EXPECT_EQ(loop.requests().size(), 3u);
  const ScriptedServer detour({redirect(302, "file:///etc/passwd")});
  const auto detoured = send_following(*client, {.url = detour.url()}, 2, {});
  ASSERT_FALSE(detoured.ok());
  EXPECT_EQ(
      detoured.error().message(),
      "status 302 redirects to where nothing can be fetched: \"file\" is not a scheme that can "
      "be fetched: http and https are");
  const ScriptedServer none({redirect(302, "/")});
  EXPECT_EQ(send_following(*client, {.url = none.url()}, 0, {}).value().status, 302);
}

}  // namespace
}  // namespace leat::net
