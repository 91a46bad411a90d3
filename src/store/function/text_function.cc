#include "store/function/text_function.h"

#include <utility>

#include "store/cell.h"
#include "store/function/own_function.h"

namespace leat::store {

struct TextFunction::Shared {
  std::string text;
  idx_t connection_id = 0;
};

namespace {

using SharedHandle = std::shared_ptr<TextFunction::Shared>;

void bind(duckdb_bind_info info) {
  const auto& shared =
      **static_cast<SharedHandle*>(duckdb_scalar_function_bind_get_extra_info(info));
  duckdb_client_context context = nullptr;
  duckdb_scalar_function_get_client_context(info, &context);
  if (take_connection_id(context) != shared.connection_id) {
    duckdb_scalar_function_bind_set_error(info, kNotYours);
  }
}

void give(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& shared = **static_cast<SharedHandle*>(duckdb_scalar_function_get_extra_info(info));
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    duckdb_vector_assign_string_element_len(output, row, shared.text.data(), shared.text.size());
  }
}

}  // namespace

TextFunction::TextFunction(std::string function, std::shared_ptr<Shared> shared)
    : function_(std::move(function)), shared_(std::move(shared)) {}

Result<std::unique_ptr<TextFunction>> TextFunction::create(std::string_view name,
                                                           Connection& connection) {
  const std::string function_name = own_function_name(name);
  auto shared = std::make_shared<Shared>();
  shared->connection_id = connection_id(connection);

  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, function_name.c_str());
  const LogicalType varchar(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  duckdb_scalar_function_set_return_type(function, varchar.get());
  duckdb_scalar_function_set_volatile(function);  // else the plan keeps the first text
  duckdb_scalar_function_set_extra_info(function, new SharedHandle(shared), [](void* handle) {
    delete static_cast<SharedHandle*>(handle);
  });
  duckdb_scalar_function_set_bind(function, bind);
  duckdb_scalar_function_set_function(function, give);
  const duckdb_state state = duckdb_register_scalar_function(connection.raw(), function);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) {
    return internal_error("DuckDB does not register the function {}", function_name);
  }
  return std::unique_ptr<TextFunction>(new TextFunction(function_name, std::move(shared)));
}

void TextFunction::set(std::string text) { shared_->text = std::move(text); }

}  // namespace leat::store
