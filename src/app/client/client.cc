#include "app/client/client.h"

#include <nlohmann/json.hpp>

#include "app/client/held_directory.h"
#include "base/logging.h"
#include "net/http/url.h"
#include "node/instance/data_directory.h"
#include "node/requests/routes.h"

namespace leat::app {
namespace {

// Hands a local handler's streamed answer on.
class SinkWriter final : public web::BodyWriter {
 public:
  SinkWriter(const net::BodySink& sink, std::stop_token stop)
      : sink_(sink), stop_(std::move(stop)) {}
  bool write(std::string_view piece) override {
    if (stop_.stop_requested()) return false;
    listening_ = listening_ && sink_(piece);
    return listening_;
  }
  bool flush() override { return open(); }
  bool open() const override { return listening_ && !stop_.stop_requested(); }

 private:
  const net::BodySink& sink_;
  std::stop_token stop_;
  bool listening_ = true;
};

// Reads a local request's body from its source.
class SourceReader final : public web::BodyReader {
 public:
  explicit SourceReader(const net::BodySource& source)
      : source_(source), buffer_(256 << 10, '\0') {}
  Result<std::string> read() override {
    LEAT_ASSIGN(const size_t got,
                source_({reinterpret_cast<std::byte*>(buffer_.data()), buffer_.size()}));
    return buffer_.substr(0, got);
  }

 private:
  const net::BodySource& source_;
  std::string buffer_;
};

Error error_of(const net::HttpResponse& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  std::string message(response.body);
  if (json.is_object() && json.contains("error")) {
    message = json["error"].value("message", message);
  }
  const ErrorDomain domain = response.status < 500    ? ErrorDomain::kUser
                             : response.status == 502 ? ErrorDomain::kExternal
                                                      : ErrorDomain::kInternal;
  return {domain, std::move(message), Retry::kNo,
          response.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnspecified};
}

}  // namespace

Result<std::unique_ptr<ApiClient>> ApiClient::open(const Path& data, Missing missing,
                                                   std::stop_token stop,
                                                   const node::InstanceOptions& options) {
  LEAT_TRY(node::check_data_directory(data));
  LEAT_ASSIGN(const bool there, real_file_system().exists(data / "lock"));
  if (!there && missing == Missing::kRefuse) {
    return coded_error(
        ErrorDomain::kUser, ErrorCode::kNotFound,
        "no data directory at {}: run a pipeline first (leat run), or name it with --data",
        data.string());
  }
  auto client = std::make_unique<ApiClient>();
  LEAT_ASSIGN(
      client->instance_,
      open_when_free(data, [&] { return node::Instance::open(data, options); }, std::move(stop)));
  if (!client->instance_) {
    if (options.files) {
      return user_error(
          "files are not read through the process that holds {}: stop it first, or query without "
          "--files",
          data.string());
    }
    client->remote_ = std::make_unique<web::UnixClient>(data / "leat.sock");
    return client;
  }
  // One pipeline's damaged database leaves the others to be queried.
  if (const auto opened_all = client->instance_->open_all_stores(); !opened_all.ok()) {
    log_warn("{}", opened_all.error().to_string());
  }
  LEAT_ASSIGN(auto router, node::make_api_router(*client->instance_, {}));
  client->router_ = std::make_unique<web::Router>(std::move(router));
  return client;
}

Result<net::HttpResponse> ApiClient::send(net::HttpRequest request, std::stop_token stop) {
  if (remote_) return remote_->send(std::move(request), std::move(stop));
  const auto target = net::parse_target(request.url);
  if (!target) return internal_error("malformed request {}", request.url);
  web::Request local{.method = request.method,
                     .path = target->path,
                     .query = target->query,
                     .params = {},
                     .headers = {},
                     .body = std::move(request.body),
                     .stream = nullptr,
                     .is_awaited = nullptr};
  std::optional<SourceReader> reader;
  if (request.body_source) local.stream = &reader.emplace(request.body_source);
  const auto found = router_->match(local.method, local.path);
  const auto* match = std::get_if<web::Router::Match>(&found);
  if (match == nullptr) return internal_error("no such request: {}", request.url);
  local.params = match->params;
  web::Response response = (*match->handler)(local);
  net::HttpResponse answer{.status = response.status, .headers = response.headers};
  if (response.stream && answer.ok()) {
    std::string whole;
    const net::BodySink collect = [&whole](std::string_view piece) {
      whole += piece;
      return true;
    };
    SinkWriter writer(request.sink ? request.sink : collect, stop);
    for (bool again = true; again;) {
      LEAT_TRY(response.stream(writer));
      const auto delay = writer.take_again();
      again = delay && system_clock().sleep_for(*delay, stop) && writer.open();
    }
    answer.set_body(std::move(whole));
  } else if (request.sink && answer.ok()) {
    request.sink(response.body);
  } else {
    answer.set_body(std::move(response.body));
  }
  return answer;
}

Result<std::string> ApiClient::get(const std::string& target) {
  LEAT_ASSIGN(const auto answer, send({.url = target}));
  if (!answer.ok()) return error_of(answer);
  return std::string(answer.body);
}

Result<std::string> ApiClient::post(const std::string& target, std::string body) {
  LEAT_ASSIGN(const auto answer, send({.method = "POST", .url = target, .body = std::move(body)}));
  if (!answer.ok()) return error_of(answer);
  return std::string(answer.body);
}

Result<void> ApiClient::post(const std::string& target, std::string body,
                             const net::BodySink& sink) {
  LEAT_ASSIGN(const auto answer,
              send({.method = "POST", .url = target, .body = std::move(body), .sink = sink}));
  if (!answer.ok()) return error_of(answer);
  return {};
}

Result<void> ApiClient::stream(const std::string& target, const net::BodySink& sink,
                               std::stop_token stop) {
  LEAT_ASSIGN(const auto answer, send({.url = target, .sink = sink}, std::move(stop)));
  if (!answer.ok()) return error_of(answer);
  return {};
}

Result<std::string> ApiClient::upload(const std::string& target, net::BodySource source) {
  LEAT_ASSIGN(const auto answer,
              send({.method = "POST", .url = target, .body_source = std::move(source)}));
  if (!answer.ok()) return error_of(answer);
  return std::string(answer.body);
}

}  // namespace leat::app
