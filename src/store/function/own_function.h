// Functions of SQL that belong to one connection: elsewhere (a console) they are an error. They
// stay registered, a few hundred bytes each, until the database closes.
#pragma once

#include <duckdb.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/cell.h"
#include "store/database.h"

namespace leat::store {

// What a function works with; it lives as long as the function.
struct OwnState {
  OwnState() = default;
  virtual ~OwnState() = default;
  OwnState(const OwnState&) = delete;
  OwnState& operator=(const OwnState&) = delete;

  idx_t connection_id = 0;
};
using OwnHandle = std::shared_ptr<OwnState>;

// `name`, and a number that no other function of the process has.
std::string own_function_name(std::string_view name);

idx_t connection_id(Connection& connection);
// Of the connection whose context this is; destroys the context.
idx_t take_connection_id(duckdb_client_context context);

// What another connection is told.
inline constexpr const char* kNotYours = "this function is a part of a running stream";

struct OwnScalarFunction {
  std::string_view name;
  std::vector<LogicalType> parameters;
  duckdb_type others = DUCKDB_TYPE_INVALID;  // any number of further ones, of this type
  duckdb_type result = DUCKDB_TYPE_INVALID;
  bool is_volatile = false;  // its result may change though its arguments do not
  duckdb_scalar_function_t run = nullptr;
};

// Registers a function whose name begins with `function.name`; returns its name. REQUIRES: no
// transaction is open on `connection`; its rollback would take the function along.
Result<std::string> register_scalar(const OwnScalarFunction& function, const OwnHandle& state,
                                    Connection& connection);

// The state in a call of such a function.
template <class State>
State& state_of(duckdb_function_info info) {
  return static_cast<State&>(
      **static_cast<OwnHandle*>(duckdb_scalar_function_get_extra_info(info)));
}

}  // namespace leat::store
