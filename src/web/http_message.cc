#include "web/http_message.h"

#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace leat::web {
namespace {

int status_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kInUse:
    case ErrorCode::kFenced:
      return 409;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kCancelled:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kNoSpace:
      return 507;
    default:
      break;
  }
  switch (error.domain()) {
    case ErrorDomain::kUser:
      return 400;
    case ErrorDomain::kExternal:
      return 502;
    case ErrorDomain::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

Response json_response(std::string json, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(json);
  return response;
}

Response text_response(std::string text, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

Response error_response(int status, std::string_view message) {
  nlohmann::ordered_json error;
  error["status"] = status;
  error["message"] = without_secrets(std::string(message));
  nlohmann::ordered_json document;
  document["error"] = std::move(error);
  // A message may quote bytes of a user that are not UTF-8.
  return json_response(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                       status);
}

Response error_response(const Error& error) {
  return error_response(status_of(error), error.to_string());
}

}  // namespace leat::web
