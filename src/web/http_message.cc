#include "web/http_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "base/text/lower_case.h"

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

const std::string* Headers::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields_, [&](const Field& field) { return same_in_lower_case(field.first, name); });
  return found == fields_.end() ? nullptr : &found->second;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const Field& field) { return same_in_lower_case(field.first, name); });
  add(std::move(name), std::move(value));
}

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

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

}  // namespace leat::web
