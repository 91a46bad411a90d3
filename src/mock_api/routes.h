// Fixed answers from a file: recorded APIs other than randomuser.me.
//
// A JSON list of {"method": "GET", "path": "/a/b", "query": {"page": "2"}, "status": 200,
// "headers": {"Link": "…"}, "body": …, "body_file": "page2.json"}; only path is required. A
// header's value may be a list of strings, for a field that stands several times. A body that is a
// string is sent as it is, any other JSON value as its own bytes without white space; body_file is
// relative to the routes file and sent as it is. In header values and bodies {{origin}} stands for
// this server, "http://127.0.0.1:8000".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "web/http_message.h"

namespace leat::mock_api {

struct Route {
  std::string method = "GET";
  std::string path;  // decoded
  net::QueryMap query;
  web::Response response;
};

// Immutable, thread-safe.
class Routes {
 public:
  // Errors: user, naming file and route.
  static Result<Routes> load(std::span<const Path> files);

  // The route of that method (HEAD counts as GET) and path whose query parameters the request has
  // all; of several the one with most parameters, then the first. Null when there is none.
  const Route* find(const web::Request& request) const;
  bool empty() const { return routes_.empty(); }

 private:
  std::vector<Route> routes_;
};

// The route's answer with {{origin}} filled in.
web::Response route_answer(const Route& route, std::string_view origin);

}  // namespace leat::mock_api
