// SQL over the embedded store.
#include <nlohmann/json.hpp>

#include "app/api/routes.h"
#include "store/console/console.h"

namespace leat::app {
namespace {

// Rows as [["a", null], …]. A cell is a JSON string of its text, also where the text is JSON: so no
// number loses digits on its way.
std::string to_json(const store::ConsoleResult& result) {
  nlohmann::json columns = nlohmann::json::array();
  for (const auto& column : result.columns) {
    columns.push_back({{"name", column.name}, {"type", column.type}, {"numeric", column.numeric}});
  }
  std::string json = "{\"columns\":" + columns.dump() + ",\"rows\":[";
  for (size_t i = 0; i < result.rows.size(); ++i) {
    json += i == 0 ? "[" : ",[";
    const auto& row = result.rows[i];
    for (size_t j = 0; j < row.size(); ++j) {
      if (j > 0) json += ',';
      json += row[j] ? nlohmann::json(*row[j]).dump(-1, ' ', false,
                                                    nlohmann::json::error_handler_t::replace)
                     : "null";
    }
    json += ']';
  }
  json += result.truncated ? "],\"truncated\":true}" : "],\"truncated\":false}";
  return json;
}

}  // namespace

void add_sql_routes(web::Router& router, Instance& instance) {
  router.add("POST", "/api/v1/sql", [&instance](web::Request& request) {
    const auto cells = request.query.find("cells");
    store::ConsoleOptions options;
    if (cells != request.query.end() && cells->second == "json") {
      options.format = store::CellFormat::kJson;
    }
    const auto result = store::run_console_query(instance.store(), request.body, options);
    if (!result.ok()) return web::error_response(result.error());
    return web::json_response(to_json(*result));
  });
}

}  // namespace leat::app
