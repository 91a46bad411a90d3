// The requests of the API, through the client that opens the data directory itself.
#include "app/client/client.h"

#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "node/instance/instance_for_test.h"
#include "node/pipeline_file/pipeline_file.h"

namespace leat::app {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ClientTest : public node::test::InstanceTest {
 protected:
  void connect() {
    process_.reset();
    instance_.reset();  // the directory has one holder
    auto opened = ApiClient::open(data(), ApiClient::Missing::kRefuse);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    client_ = std::move(*opened);
  }
  json get(const std::string& target) { return parsed(client_->get(target)); }
  json post(const std::string& target, const std::string& body = {}) {
    return parsed(client_->post(target, body));
  }
  // The last line of the answer.
  json redrive(const std::string& target, const std::string& body = {}) {
    std::string all;
    const auto done = client_->post(target, body, [&](std::string_view piece) {
      all += piece;
      return true;
    });
    EXPECT_TRUE(done.ok()) << done.error().to_string();
    if (!all.ends_with('\n')) return all;
    all.pop_back();
    return json::parse(all.substr(all.rfind('\n') + 1));
  }
  Result<std::string> upload(const std::string& target, const std::string& text) {
    size_t at = 0;
    return client_->upload(target, [&](MutableBytes into) -> Result<size_t> {
      const size_t size = std::min(into.size(), text.size() - at);
      std::memcpy(into.data(), text.data() + at, size);
      at += size;
      return size;
    });
  }
  std::string streamed(const std::string& target) {
    std::string all;
    const auto done = client_->stream(target,
                                      [&](std::string_view piece) {
                                        all += piece;
                                        return true;
                                      },
                                      {});
    EXPECT_TRUE(done.ok()) << done.error().to_string();
    return all;
  }
  static json parsed(const Result<std::string>& body) {
    EXPECT_TRUE(body.ok()) << body.error().to_string();
    return body.ok() ? json::parse(body.value()) : json();
  }

  std::unique_ptr<ApiClient> client_;
};

TEST_F(ClientTest, NeedsADirectory) {
  const auto opened = ApiClient::open(directory_.path() / "none", ApiClient::Missing::kRefuse);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message(), HasSubstr("no data directory"));
  EXPECT_TRUE(ApiClient::open(directory_.path() / "new", ApiClient::Missing::kCreate).ok());
}

TEST_F(ClientTest, ADirectoryThatAnotherHoldsWithoutAnsweringIsInUse) {
  const auto opened = ApiClient::open(data(), ApiClient::Missing::kRefuse);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kInUse);
}

TEST_F(ClientTest, ProducesAndConsumes) {
  connect();
  EXPECT_EQ(parsed(upload("/api/v1/topics/t/records", "1\n2\n3\n"))["produced"], 3);
  const std::string records = "/api/v1/topics/t/records?format=value";
  EXPECT_EQ(streamed(records), "1\n2\n3\n");
  EXPECT_EQ(streamed(records + "&from=1&count=1"), "2\n");
  EXPECT_EQ(streamed(records + "&from=end"), "");
  EXPECT_EQ(streamed(records + "&from=99"), "");
  EXPECT_EQ(streamed(records + "&count=0"), "");
  EXPECT_THAT(streamed("/api/v1/topics/t/records?count=1"), HasSubstr(R"("offset":0)"));
  EXPECT_FALSE(client_->get(records + "&from=x").ok());
  EXPECT_FALSE(client_->get(records + "&count=x").ok());
}

TEST_F(ClientTest, KeysAndEnvelopes) {
  connect();
  EXPECT_TRUE(upload("/api/v1/topics/t/records?key=id", "{\"id\":7}").ok());
  EXPECT_TRUE(upload("/api/v1/topics/t/records?envelope", R"({"key":"7","value":null})").ok());
  const auto lines = streamed("/api/v1/topics/t/records");
  EXPECT_THAT(lines, HasSubstr(R"("key":"7","value":{"id":7}})"));
  EXPECT_THAT(lines, HasSubstr(R"("key":"7","value":null})"));
  const auto bad = upload("/api/v1/topics/t/records?key=id", "{}\n");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().domain(), ErrorDomain::kUser);
  EXPECT_THAT(bad.error().message(), HasSubstr("line 1: the record has no `id`"));
}

TEST_F(ClientTest, DescribesTopics) {
  produce("orders", "{\"a\":1}");
  connect();
  const auto topic = get("/api/v1/topics/orders");
  EXPECT_EQ(topic["topic"], "orders");
  EXPECT_EQ(topic["partitions"][0]["end"], 1);
  EXPECT_EQ(topic["cleanup_policy"], "delete");
  bool listed = false;
  for (const auto& each : get("/api/v1/topics")) listed = listed || each["topic"] == "orders";
  EXPECT_TRUE(listed);
  const auto missing = client_->get("/api/v1/topics/ordres");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message(), HasSubstr("did you mean orders?"));
}

TEST_F(ClientTest, QueriesTopicsAndTables) {
  produce("t", R"({"id":9007199254740993,"s":"a"})");
  connect();
  const auto answer = post("/api/v1/sql", "SELECT id, s, NULL AS n FROM topic('t')");
  EXPECT_EQ(answer["columns"][0]["name"], "id");
  EXPECT_EQ(answer["rows"][0], (json::array({"9007199254740993", "a", nullptr})));
  EXPECT_EQ(answer["truncated"], false);
  const auto bad = client_->post("/api/v1/sql", "SELEC");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().domain(), ErrorDomain::kUser);
}

TEST_F(ClientTest, ListsAndRedrivesDeadLetters) {
  const auto pipeline = [](const std::string& sql) {
    return "pipeline: p\nstreams:\n  s:\n    sql: " + sql + "\n    into: {table: x}\n";
  };
  produce("t", R"({"n":"1"})");
  produce("t", "\xff{");
  produce("t", R"({"n":"two"})");
  open_process(pipeline("SELECT n::INTEGER AS n FROM t"));
  process_->start_streams();
  ASSERT_TRUE(process_->drain_streams().ok());
  ASSERT_TRUE(node::remember_pipeline_file(*instance_, process_->plan()).ok());
  connect();

  auto letters = get("/api/v1/dead-letters?pipeline=p&owner=s");
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0]["stage"], "decode");
  EXPECT_EQ(letters[0]["source"], "t-0@1");
  EXPECT_EQ(letters[0]["value_hex"], "ff7b") << "bytes that are no text";
  EXPECT_EQ(letters[1]["value"], R"({"n":"two"})");
  EXPECT_THAT(letters[1]["error"].get<std::string>(), HasSubstr("two"));
  const auto other = client_->get("/api/v1/dead-letters?owner=other");
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message(), HasSubstr("no task or stream is called `other`"));

  const std::string one = "/api/v1/dead-letters/redrive?id=" + letters[1]["id"].get<std::string>();
  EXPECT_EQ(redrive(one), (json{{"redriven", 0}, {"failed_again", 1}, {"done", true}}));
  write_file("pipeline.yaml", pipeline("SELECT try_cast(n AS INTEGER) AS n FROM t"));
  EXPECT_EQ(redrive("/api/v1/dead-letters/redrive"),
            (json{{"redriven", 1}, {"failed_again", 1}, {"done", true}}));
  letters = get("/api/v1/dead-letters");
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0]["stage"], "decode");

  const auto gone =
      client_->post("/api/v1/dead-letters/redrive", R"({"ids":["stream/p.s/t-0@9"]})");
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(gone.error().message(), HasSubstr("no dead letter stream/p.s/t-0@9"));
  EXPECT_FALSE(client_->post("/api/v1/dead-letters/redrive", R"({"id":"x"})").ok());
  EXPECT_FALSE(client_->post("/api/v1/dead-letters/discard", "").ok()) << "why?";
  EXPECT_EQ(post("/api/v1/dead-letters/discard?stage=query&because=x"), (json{{"discarded", 0}}));
  EXPECT_EQ(
      post("/api/v1/dead-letters/discard?because=x", json{{"ids", {letters[0]["id"]}}}.dump()),
      (json{{"discarded", 1}}));
  EXPECT_TRUE(get("/api/v1/dead-letters").empty());
  EXPECT_EQ(get("/api/v1/dead-letters/discarded"),
            (json::array({{{"pipeline", "p"}, {"owner", "s"}, {"because", "x"}, {"letters", 1}}})));
  const auto rows = post("/api/v1/sql", "SELECT count(*) FROM p.x");
  EXPECT_EQ(rows["rows"][0][0], "2");
}

}  // namespace
}  // namespace leat::app
