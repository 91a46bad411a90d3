// How a command reaches a data directory: through the process that holds it, or by opening it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http/message.h"
#include "node/instance/instance.h"
#include "web/router.h"
#include "web/unix_client.h"

namespace leat::app {

// Not thread-safe.
class ApiClient {
 public:
  // Errors (user): no data directory there, unless it may be made; another process holds it, does
  // not answer, and does not end soon; it answers, but `options` want files to be read, which it
  // does for nobody.
  enum class Missing : uint8_t { kRefuse, kCreate };
  static Result<std::unique_ptr<ApiClient>> open(const Path& data, Missing missing,
                                                 std::stop_token stop = {},
                                                 const node::InstanceOptions& options = {});

  // The body of the answer, or the Error that the answer's message makes.
  Result<std::string> get(const std::string& target);
  Result<std::string> post(const std::string& target, std::string body);
  Result<void> post(const std::string& target, std::string body, const net::BodySink& sink);
  // The body of the answer as it comes; `sink` returns false to end it.
  Result<void> stream(const std::string& target, const net::BodySink& sink, std::stop_token stop);
  // Sends a body as `source` gives it.
  Result<std::string> upload(const std::string& target, net::BodySource source);

 private:
  Result<net::HttpResponse> send(net::HttpRequest request, std::stop_token stop = {});

  std::unique_ptr<web::UnixClient> remote_;
  std::unique_ptr<node::Instance> instance_;
  std::unique_ptr<web::Router> router_;
};

}  // namespace leat::app
