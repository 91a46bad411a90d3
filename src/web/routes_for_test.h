// For tests: routes whose answers come in pieces, whole and broken off.
#pragma once

#include <fmt/format.h>

#include <string>

#include "web/router.h"

namespace leat::web::test {

// /count?to=N: the numbers from 1 on, one a line. /breaks-off: fails after "begun".
inline void add_streamed_answers(Router& router) {
  router.add("GET", "/count", [](Request& request) {
    Response response;
    response.stream = [to = std::stoi(request.query["to"])](BodyWriter& writer) -> Result<void> {
      for (int i = 1; i <= to; ++i) {
        if (!writer.write(fmt::format("{}\n", i))) break;
      }
      return {};
    };
    return response;
  });
  router.add("GET", "/breaks-off", [](Request&) {
    Response response;
    response.stream = [](BodyWriter& writer) -> Result<void> {
      writer.write("begun");
      writer.flush();
      return external_error(Retry::kNo, "the disk is gone");
    };
    return response;
  });
}

}  // namespace leat::web::test
