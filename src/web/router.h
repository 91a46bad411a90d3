// Which handler answers which method and path.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "web/http_message.h"

namespace leat::web {

// Patterns are segments: text, {name} for one segment, and {name...} at the end for all that is
// left: "/api/v1/topics/{topic}", "/assets/{file...}". Text wins over {name} wins over {name...}.
// Built before the server starts, only read from then on; reading is thread-safe.
class Router {
 public:
  void add(std::string method, std::string_view pattern, Handler handler);
  // The handler gets its body through Request::stream, without the server's size limit.
  void add_streaming(std::string method, std::string_view pattern, Handler handler);
  // Answers what no pattern matches, instead of a 404.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }

  struct Match {
    const Handler* handler;
    net::QueryMap params;
    bool streaming;
  };
  // A path that no pattern matches, or patterns of other methods only.
  struct NoMatch {
    int status;                        // 404 or 405
    std::vector<std::string> allowed;  // the other methods, for 405
  };
  // HEAD is answered by GET's handler where it has none of its own.
  std::variant<Match, NoMatch> match(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
    bool streaming;
  };
  void insert(std::string method, std::string_view pattern, Handler handler, bool streaming);

  std::vector<Route> routes_;
  Handler fallback_;
};

}  // namespace leat::web
