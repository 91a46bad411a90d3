#include "node/requests/routes.h"

#include "node/process/topic_scan.h"

namespace leat::node {

Result<web::Router> make_api_router(Instance& instance, FindProcess find_process) {
  LEAT_TRY(register_topic_tables(instance));
  web::Router router;
  add_sql_routes(router, instance);
  add_run_routes(router, instance);
  add_topic_routes(router, instance);
  add_dead_letter_routes(router, instance, std::move(find_process));
  return router;
}

}  // namespace leat::node
