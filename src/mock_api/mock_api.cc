#include "mock_api/mock_api.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <stop_token>

#include "mock_api/people_answer.h"
#include "mock_api/routes.h"
#include "web/http_server.h"

namespace leat::mock_api {
namespace {

// "/", "/api", "/api/" and "/api/1.4/" as on the real one.
bool is_people_path(std::string_view path) {
  if (path == "/" || path == "/api" || path == "/api/") return true;
  if (!path.starts_with("/api/")) return false;
  path.remove_prefix(5);
  if (path.ends_with('/')) path.remove_suffix(1);
  return !path.empty() && path.find_first_not_of("0123456789.") == std::string_view::npos;
}

web::Response failure(int status, std::optional<int> retry_after, std::string_view message) {
  web::Response response = web::error_response(status, message);
  if (retry_after) response.headers.add("Retry-After", std::to_string(*retry_after));
  return response;
}

}  // namespace

struct MockApi::Impl {
  explicit Impl(MockApiOptions given)
      : options(std::move(given)), limiter(options.rate_limit, system_clock()) {}

  web::Response answer(web::Request& request);
  web::Response good_answer(const web::Request& request, Dice& dice) const;

  MockApiOptions options;
  People people;
  Routes routes;
  RateLimiter limiter;
  std::atomic<uint64_t> requests = 0;
  std::stop_source stopping;
  std::unique_ptr<web::HttpServer> server;
};

web::Response MockApi::Impl::answer(web::Request& request) {
  const uint64_t number = requests.fetch_add(1);
  if (!limiter.admit()) return failure(429, 1, "more requests per second than the limit");

  Dice dice(options.seed, number);
  const Fate fate = roll(options.misbehaviour, Dice(dice.next()));
  if (fate.delay.count() > 0) system_clock().sleep_for(fate.delay, stopping.get_token());
  if (fate.fail && fate.fail->status == 0) {
    web::Response response;
    response.breakage = web::Breakage{0, true};
    return response;
  }
  if (fate.fail) return failure(fate.fail->status, fate.fail->retry_after, "failed on request");
  web::Response response = good_answer(request, dice);
  if (fate.truncate) response.breakage = web::Breakage{response.body.size() / 2, false};
  return response;
}

web::Response MockApi::Impl::good_answer(const web::Request& request, Dice& dice) const {
  if (const Route* route = routes.find(request)) {
    const std::string* host = request.headers.find("Host");
    return route_answer(
        *route,
        "http://" + (host != nullptr ? *host : fmt::format("127.0.0.1:{}", server->port())));
  }
  if (people.all().empty() || !is_people_path(request.path)) {
    return web::error_response(
        404, fmt::format("nothing is recorded for {} {}", request.method, request.path));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    web::Response response = web::error_response(405, "people are read with GET");
    response.headers.add("Allow", "GET, HEAD");
    return response;
  }
  web::Response response =
      web::json_response(people_answer(people, request.query, fmt::format("{:016x}", dice.next())));
  response.headers.add("Access-Control-Allow-Origin", "*");
  response.headers.add("Cache-Control", "no-cache");
  return response;
}

MockApi::MockApi(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

MockApi::~MockApi() { stop(); }

Result<std::unique_ptr<MockApi>> MockApi::start(MockApiOptions options) {
  if (options.records.empty() && options.routes.empty()) {
    return user_error("there is nothing to serve: name recordings with --records or --routes");
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  LEAT_ASSIGN(impl->people, People::load(impl->options.records));
  LEAT_ASSIGN(impl->routes, Routes::load(impl->options.routes));

  web::Router router;
  router.set_fallback([api = impl.get()](web::Request& request) { return api->answer(request); });
  web::HttpServerOptions server;
  server.port = impl->options.port;
  server.any_origin = true;     // as a public API is: it holds nothing and changes nothing
  server.handler_threads = 32;  // delayed answers sleep in them
  LEAT_ASSIGN(impl->server, web::HttpServer::start(std::move(server), std::move(router)));
  return std::unique_ptr<MockApi>(new MockApi(std::move(impl)));
}

uint16_t MockApi::port() const { return impl_->server->port(); }

uint64_t MockApi::requests() const { return impl_->requests; }

void MockApi::stop() {
  impl_->stopping.request_stop();
  impl_->server->stop();
}

int run_mock_api(MockApiOptions options, std::FILE* out) {
  // Blocked before the server's threads start, which inherit it: the signal waits for sigwait.
  sigset_t signals;
  sigset_t before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);

  int exit_code = 0;
  auto started = MockApi::start(std::move(options));
  if (started.ok()) {
    fmt::print(out, "listening on http://127.0.0.1:{}\n", (*started)->port());
    std::fflush(out);
    int signal = 0;
    sigwait(&signals, &signal);
    (*started)->stop();
  } else {
    fmt::print(stderr, "leat mock-api: {}\n", started.error().to_string());
    exit_code = started.error().domain() == ErrorDomain::kUser ? 2 : 1;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return exit_code;
}

}  // namespace leat::mock_api
