#include "store/function/own_function.h"

#include <atomic>
#include <cstdint>

namespace leat::store {

std::string own_function_name(std::string_view name) {
  static std::atomic<uint64_t> next{0};
  return fmt::format("{}_{}", name, ++next);
}

idx_t connection_id(Connection& connection) {
  duckdb_client_context context = nullptr;
  duckdb_connection_get_client_context(connection.raw(), &context);
  return take_connection_id(context);
}

idx_t take_connection_id(duckdb_client_context context) {
  const idx_t id = duckdb_client_context_get_connection_id(context);
  duckdb_destroy_client_context(&context);
  return id;
}

}  // namespace leat::store
