#include "store/function/text_function.h"

#include <utility>

#include "store/function/own_function.h"

namespace leat::store {

struct TextFunction::Shared : OwnState {
  std::string text;
};

namespace {

void give(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const std::string& text = state_of<TextFunction::Shared>(info).text;
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    duckdb_vector_assign_string_element_len(output, row, text.data(), text.size());
  }
}

}  // namespace

TextFunction::TextFunction(std::string function, std::shared_ptr<Shared> shared)
    : function_(std::move(function)), shared_(std::move(shared)) {}

Result<std::unique_ptr<TextFunction>> TextFunction::create(std::string_view name,
                                                           Connection& connection) {
  auto shared = std::make_shared<Shared>();
  // Volatile, else the plan keeps the first text.
  LEAT_ASSIGN(std::string function, register_scalar({.name = name,
                                                     .parameters = {},
                                                     .result = DUCKDB_TYPE_VARCHAR,
                                                     .is_volatile = true,
                                                     .run = give},
                                                    shared, connection));
  return std::unique_ptr<TextFunction>(new TextFunction(std::move(function), std::move(shared)));
}

void TextFunction::set(std::string text) { shared_->text = std::move(text); }

}  // namespace leat::store
