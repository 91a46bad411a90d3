#include "app/client/client.h"

#include <nlohmann/json.hpp>

#include "app/client/held_directory.h"
#include "base/logging.h"
#include "node/requests/routes.h"

namespace leat::app {
namespace {

// Hands a local handler's streamed answer on.
class SinkWriter final : public web::BodyWriter {
 public:
  SinkWriter(const web::BodySink& sink, std::stop_token stop)
      : sink_(sink), stop_(std::move(stop)) {}
  bool write(std::string_view piece) override {
    if (stop_.stop_requested()) return false;
    listening_ = listening_ && sink_(piece);
    return listening_;
  }
  bool flush() override { return open(); }
  bool open() const override { return listening_ && !stop_.stop_requested(); }

 private:
  const web::BodySink& sink_;
  std::stop_token stop_;
  bool listening_ = true;
};

// Reads a local request's body from its source.
class SourceReader final : public web::BodyReader {
 public:
  explicit SourceReader(const std::function<Result<size_t>(MutableBytes)>& source)
      : source_(source), buffer_(256 << 10, '\0') {}
  Result<std::string> read() override {
    LEAT_ASSIGN(const size_t got,
                source_({reinterpret_cast<std::byte*>(buffer_.data()), buffer_.size()}));
    return buffer_.substr(0, got);
  }

 private:
  const std::function<Result<size_t>(MutableBytes)>& source_;
  std::string buffer_;
};

Error error_of(const web::ClientResponse& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  std::string message = response.body;
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

Result<web::ClientResponse> ApiClient::send(const web::ClientRequest& request,
                                            const web::BodySink& sink, std::stop_token stop) {
  if (remote_) return remote_->send(request, sink, std::move(stop));
  const auto target = web::parse_target(request.target);
  if (!target) return internal_error("malformed request {}", request.target);
  web::Request local{.method = request.method,
                     .path = target->path,
                     .query = target->query,
                     .params = {},
                     .headers = {},
                     .body = request.body,
                     .stream = nullptr,
                     .is_awaited = nullptr};
  std::optional<SourceReader> reader;
  if (request.body_source) local.stream = &reader.emplace(request.body_source);
  const auto found = router_->match(local.method, local.path);
  const auto* match = std::get_if<web::Router::Match>(&found);
  if (match == nullptr) return internal_error("no such request: {}", request.target);
  local.params = match->params;
  web::Response response = (*match->handler)(local);
  web::ClientResponse answer{.status = response.status, .headers = response.headers, .body = {}};
  if (response.stream && answer.ok()) {
    std::string whole;
    const web::BodySink collect = [&whole](std::string_view piece) {
      whole += piece;
      return true;
    };
    SinkWriter writer(sink ? sink : collect, stop);
    for (bool again = true; again;) {
      LEAT_TRY(response.stream(writer));
      const auto delay = writer.take_again();
      again = delay && system_clock().sleep_for(*delay, stop) && writer.open();
    }
    answer.body = std::move(whole);
  } else if (sink && answer.ok()) {
    sink(response.body);
  } else {
    answer.body = std::move(response.body);
  }
  return answer;
}

Result<std::string> ApiClient::get(const std::string& target) {
  LEAT_ASSIGN(auto answer, send({.method = "GET", .target = target}, nullptr, {}));
  if (!answer.ok()) return error_of(answer);
  return std::move(answer.body);
}

Result<std::string> ApiClient::post(const std::string& target, std::string body) {
  LEAT_ASSIGN(auto answer,
              send({.method = "POST", .target = target, .headers = {}, .body = std::move(body)},
                   nullptr, {}));
  if (!answer.ok()) return error_of(answer);
  return std::move(answer.body);
}

Result<void> ApiClient::post(const std::string& target, std::string body,
                             const web::BodySink& sink) {
  LEAT_ASSIGN(
      auto answer,
      send({.method = "POST", .target = target, .headers = {}, .body = std::move(body)}, sink, {}));
  if (!answer.ok()) return error_of(answer);
  return {};
}

Result<void> ApiClient::stream(const std::string& target, const web::BodySink& sink,
                               std::stop_token stop) {
  LEAT_ASSIGN(auto answer, send({.method = "GET", .target = target}, sink, std::move(stop)));
  if (!answer.ok()) return error_of(answer);
  return {};
}

Result<std::string> ApiClient::upload(const std::string& target,
                                      std::function<Result<size_t>(MutableBytes)> source) {
  LEAT_ASSIGN(auto answer, send({.method = "POST",
                                 .target = target,
                                 .headers = {},
                                 .body = {},
                                 .body_source = std::move(source)},
                                nullptr, {}));
  if (!answer.ok()) return error_of(answer);
  return std::move(answer.body);
}

}  // namespace leat::app
