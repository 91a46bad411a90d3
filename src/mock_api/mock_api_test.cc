#include "mock_api/mock_api.h"

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/temporary_directory.h"
#include "web/http_message.h"

namespace leat::mock_api {
namespace {

struct Answer {
  CURLcode code = CURLE_OK;
  long status = 0;
  net::Headers headers;
  std::string body;
};

size_t append(char* data, size_t size, size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

size_t add_header(char* data, size_t size, size_t count, void* into) {
  std::string line(data, size * count);
  const size_t colon = line.find(": ");
  if (colon != std::string::npos && line.ends_with("\r\n")) {
    static_cast<net::Headers*>(into)->add(line.substr(0, colon),
                                          line.substr(colon + 2, line.size() - colon - 4));
  }
  return size * count;
}

Answer get(const std::string& url) {
  Answer answer;
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, add_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer.headers);
  answer.code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_cleanup(easy);
  return answer;
}

class MockApiTest : public testing::Test {
 protected:
  void start(MockApiOptions options = {}) {
    if (options.records.empty()) options.records = {"examples/users/randomuser_1000.json"};
    auto started = MockApi::start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    api_ = *std::move(started);
  }
  Answer ask(const std::string& target) {
    return get(fmt::format("http://127.0.0.1:{}{}", api_->port(), target));
  }

  std::unique_ptr<MockApi> api_;
};

TEST_F(MockApiTest, answers_like_the_real_one) {
  start();
  const Answer answer = ask("/api/?results=2&seed=abc&inc=nat");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"results":[{"nat":"FR"},{"nat":"IE"}],)"
                         R"("info":{"seed":"abc","results":2,"page":1,"version":"1.3"}})");
  EXPECT_EQ(*answer.headers.find("content-type"), "application/json; charset=utf-8");
  for (const char* target : {"/?results=2&seed=abc&inc=nat", "/api?results=2&seed=abc&inc=nat",
                             "/api/1.4/?results=2&seed=abc&inc=nat"}) {
    EXPECT_EQ(ask(target).body, answer.body) << target;
  }
  EXPECT_EQ(ask("/elsewhere").status, 404);
  EXPECT_EQ(api_->requests(), 5u);
}

TEST_F(MockApiTest, a_seed_repeats_the_run) {
  MockApiOptions options;
  options.seed = "run";
  options.misbehaviour.fails = {{500, 0.3, {}}};
  const auto run = [&] {
    start(options);
    std::string all;
    for (int i = 0; i < 20; ++i) {
      const Answer answer = ask("/api/?inc=email");
      all += fmt::format("{} {}\n", answer.status, answer.body);
    }
    return all;
  };
  const std::string first = run();
  EXPECT_EQ(run(), first);
  options.seed = "another";
  EXPECT_NE(run(), first);
  EXPECT_NE(first.find("500 "), std::string::npos);
  EXPECT_NE(first.find("200 "), std::string::npos);
}

TEST_F(MockApiTest, fails_on_request) {
  MockApiOptions options;
  options.misbehaviour.fails = {{429, 1, 1}};
  start(options);
  const Answer answer = ask("/api/");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(*answer.headers.find("Retry-After"), "1");

  options.misbehaviour.fails = {{0, 1, {}}};
  start(options);
  EXPECT_EQ(ask("/api/").code, CURLE_RECV_ERROR);
}

TEST_F(MockApiTest, truncates_on_request) {
  MockApiOptions options;
  options.misbehaviour.truncate = 1;
  start(options);
  const Answer answer = ask("/api/?results=10&seed=abc");
  EXPECT_EQ(answer.code, CURLE_PARTIAL_FILE);
  EXPECT_EQ(answer.status, 200);
  const size_t announced = std::stoul(*answer.headers.find("Content-Length"));
  EXPECT_EQ(answer.body.size(), announced / 2);
}

TEST_F(MockApiTest, limits_the_rate) {
  MockApiOptions options;
  options.rate_limit = 0.001;
  start(options);
  EXPECT_EQ(ask("/api/").status, 200);
  const Answer answer = ask("/api/");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(*answer.headers.find("Retry-After"), "1");
}

TEST_F(MockApiTest, stopping_does_not_wait_for_slow_answers) {
  MockApiOptions options;
  options.misbehaviour.slows = {{std::chrono::hours(1), 1}};
  start(options);
  std::thread client([this] { ask("/api/"); });
  while (api_->requests() == 0) std::this_thread::yield();
  api_->stop();
  client.join();
}

TEST_F(MockApiTest, the_issues_example_has_five_pages) {
  MockApiOptions options;
  options.records = {"examples/users/randomuser_1000.json"};
  options.routes = {"examples/github_issues/routes.json"};
  start(options);
  std::string url = fmt::format(
      "http://127.0.0.1:{}/repos/octokit-fixture-org/"
      "tmp-scenario-paginate-issues-20220719043836917-izyoe/issues?per_page=3",
      api_->port());
  std::vector<size_t> sizes;
  while (!url.empty() && sizes.size() < 10) {
    const Answer answer = get(url);
    ASSERT_EQ(answer.status, 200) << url;
    sizes.push_back(answer.body.size());
    url.clear();
    const std::string* link = answer.headers.find("Link");
    ASSERT_NE(link, nullptr);
    const size_t next = link->find(">; rel=\"next\"");
    if (next == std::string::npos) break;
    const size_t start = link->rfind('<', next);
    url = link->substr(start + 1, next - start - 1);
  }
  // The Content-Length of the recorded answers.
  EXPECT_EQ(sizes, (std::vector<size_t>{7876, 7858, 7849, 7849, 2617}));
}

TEST(MockApiStart, needs_something_to_serve) {
  const auto nothing = MockApi::start({});
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().domain(), ErrorDomain::kUser);
  MockApiOptions options;
  options.records = {"nowhere.json"};
  EXPECT_FALSE(MockApi::start(options).ok());
}

TEST(RunMockApi, says_where_it_listens_and_stops_on_a_signal) {
  TemporaryDirectory directory;
  const Path out = directory.path() / "out";
  const pid_t child = ::fork();
  if (child == 0) {
    std::FILE* file = std::fopen(out.c_str(), "w");
    MockApiOptions options;
    options.records = {"examples/users/randomuser_1000.json"};
    ::_exit(run_mock_api(std::move(options), file));
  }
  std::string line;
  while (!line.ends_with('\n')) {
    line = real_file_system().read_file(out).ok() ? *real_file_system().read_file(out) : "";
    ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0);
  }
  ASSERT_TRUE(line.starts_with("listening on http://127.0.0.1:")) << line;
  EXPECT_EQ(get(line.substr(13, line.size() - 14) + "/api/").status, 200);
  ::kill(child, SIGTERM);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(RunMockApi, wrong_options_are_exit_code_2) {
  MockApiOptions options;
  options.records = {"nowhere.json"};
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_mock_api(options), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "leat mock-api: cannot read nowhere.json\n");
}

}  // namespace
}  // namespace leat::mock_api
