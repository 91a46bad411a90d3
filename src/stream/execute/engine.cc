#include "stream/execute/engine.h"

#include <utility>

#include "codec/projection.h"
#include "stream/execute/output_rows.h"
#include "stream/syntax/ast.h"

namespace leat::stream {
namespace {

std::string_view class_name(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
      return "Conversion Error: ";
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return "Out of Range Error: ";
    case DUCKDB_ERROR_INVALID_INPUT:
      return "Invalid Input Error: ";
    default:
      return "";
  }
}

// "… when casting from source column total::text": the copy of a field has the field's name.
void name_field_of_copy(std::string& message) {
  if (message.rfind("source column ") == std::string::npos) return;
  while (message.ends_with(codec::kTextSuffix)) {
    message.resize(message.size() - codec::kTextSuffix.size());
  }
}

Failure failure_of(duckdb_result& result, const store::Connection& connection) {
  Error error = connection.error_of(duckdb_result_error(&result));
  const duckdb_error_type type = duckdb_result_error_type(&result);
  const bool of_a_row =
      error.domain() == ErrorDomain::kUser && error.code() != ErrorCode::kCancelled;
  std::string message(class_name(type));
  message += error.message();
  name_field_of_copy(message);
  return {of_a_row, std::move(message), std::move(error)};
}

}  // namespace

Result<store::Statement> Engine::prepare(const std::string& sql) {
  return connection_.prepare(
      replaced(sql, std::string(kBatchFunction) + "()", scan_.function() + "()"));
}

std::optional<Failure> Engine::execute(store::Statement& statement, Micros now,
                                       store::RowBatch& rows) {
  if (duckdb_nparams(statement.raw()) == 1) {
    duckdb_bind_timestamp_tz(statement.raw(), 1, {now});
  }
  // Streamed: a materialised result would be one more copy of every row.
  const size_t chunks = rows.chunks.size();
  const size_t inputs = rows.inputs.size();
  duckdb_pending_result pending = nullptr;
  duckdb_result result{};
  const bool began =
      duckdb_pending_prepared_streaming(statement.raw(), &pending) == DuckDBSuccess &&
      duckdb_execute_pending(pending, &result) == DuckDBSuccess;
  if (began) {
    while (store::DataChunk chunk{duckdb_fetch_chunk(result)}) {
      append_chunk(rows, std::move(chunk));
    }
  }
  std::optional<Failure> failure;
  if (const char* text = duckdb_result_error(&result); !began || text != nullptr) {
    failure = failure_of(result, connection_);
    rows.chunks.resize(chunks);
    rows.inputs.resize(inputs);
  }
  duckdb_destroy_result(&result);
  duckdb_destroy_pending(&pending);
  return failure;
}

}  // namespace leat::stream
