// SQL over the embedded store.
#include <nlohmann/json.hpp>

#include "base/spool.h"
#include "node/requests/routes.h"
#include "store/console/console.h"

namespace leat::node {
namespace {

using nlohmann::json;

// What an answer may take of the disk while it is sent.
constexpr uint64_t kMostBytes = uint64_t{1} << 30;

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// {"columns":[…],"rows":[["a",null],…],"truncated":false}, a row a line. A cell is a JSON string of
// its text, also where the text is JSON: so no number loses digits on its way. All of it is there
// before any is sent: no slow client keeps a transaction open.
class Answer final : public store::ConsoleTaker {
 public:
  explicit Answer(Path spill) : spool_(std::move(spill)) {}

  Result<void> columns(std::vector<store::ConsoleColumn> columns) override {
    json names = json::array();
    for (const auto& column : columns) {
      names.push_back({{"name", column.name}, {"type", column.type}, {"numeric", column.numeric}});
    }
    return spool_.append("{\"columns\":" + dumped(names) + ",\"rows\":[\n");
  }

  Result<bool> row(store::ConsoleRow row) override {
    std::string line = first_ ? "[" : ",[";
    first_ = false;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += ',';
      line += row[i] ? dumped(json(*row[i])) : "null";
      row[i].reset();
    }
    line += "]\n";
    if (spool_.size() + line.size() > kMostBytes) return false;
    LEAT_TRY(spool_.append(line));
    return true;
  }

  Result<void> end(bool all) {
    return spool_.append(all ? "],\"truncated\":false}\n" : "],\"truncated\":true}\n");
  }

  Result<void> send(web::BodyWriter& to) {
    while (true) {
      LEAT_ASSIGN(const std::string piece, spool_.read());
      if (piece.empty() || !to.write(piece)) return {};
    }
  }

 private:
  Spool spool_;
  bool first_ = true;
};

}  // namespace

void add_sql_routes(web::Router& router, Instance& instance) {
  router.add("POST", "/api/v1/sql", [&instance](web::Request& request) {
    const auto cells = request.query.find("cells");
    store::ConsoleOptions options;
    options.files = instance.options().files;
    options.is_awaited = request.is_awaited;
    if (cells != request.query.end() && cells->second == "json") {
      options.format = store::CellFormat::kJson;
    }
    const auto answer = std::make_shared<Answer>(instance.spill());
    const auto all = store::stream_console_query(instance.store(), request.body, options, *answer);
    if (!all.ok()) return web::error_response(all.error());
    if (const auto ended = answer->end(*all); !ended.ok()) {
      return web::error_response(ended.error());
    }
    web::Response response;
    response.headers.set("Content-Type", "application/json");
    response.stream = [answer](web::BodyWriter& to) { return answer->send(to); };
    return response;
  });
}

}  // namespace leat::node
