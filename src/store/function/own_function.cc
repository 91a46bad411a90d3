#include "store/function/own_function.h"

#include <atomic>
#include <cstdint>

namespace leat::store {
namespace {

void bind(duckdb_bind_info info) {
  const auto& state = **static_cast<OwnHandle*>(duckdb_scalar_function_bind_get_extra_info(info));
  duckdb_client_context context = nullptr;
  duckdb_scalar_function_get_client_context(info, &context);
  if (take_connection_id(context) != state.connection_id) {
    duckdb_scalar_function_bind_set_error(info, kNotYours);
  }
}

}  // namespace

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

Result<std::string> register_scalar(const OwnScalarFunction& function, const OwnHandle& state,
                                    Connection& connection) {
  std::string name = own_function_name(function.name);
  state->connection_id = connection_id(connection);

  duckdb_scalar_function made = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(made, name.c_str());
  for (const LogicalType& type : function.parameters) {
    duckdb_scalar_function_add_parameter(made, type.get());
  }
  if (function.others != DUCKDB_TYPE_INVALID) {
    duckdb_scalar_function_set_varargs(
        made, LogicalType(duckdb_create_logical_type(function.others)).get());
  }
  duckdb_scalar_function_set_return_type(
      made, LogicalType(duckdb_create_logical_type(function.result)).get());
  if (function.is_volatile) duckdb_scalar_function_set_volatile(made);
  duckdb_scalar_function_set_extra_info(
      made, new OwnHandle(state), [](void* handle) { delete static_cast<OwnHandle*>(handle); });
  duckdb_scalar_function_set_bind(made, bind);
  duckdb_scalar_function_set_function(made, function.run);
  const duckdb_state registered = duckdb_register_scalar_function(connection.raw(), made);
  duckdb_destroy_scalar_function(&made);
  if (registered != DuckDBSuccess) {
    return internal_error("DuckDB does not register the function {}", name);
  }
  return name;
}

}  // namespace leat::store
