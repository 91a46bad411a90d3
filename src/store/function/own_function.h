// Functions of SQL that belong to one connection: what ChunkScan and TextFunction share.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

#include "store/database.h"

namespace leat::store {

// `name`, and a number that no other function of the process has.
std::string own_function_name(std::string_view name);

idx_t connection_id(Connection& connection);
// Of the connection whose context this is; destroys the context.
idx_t take_connection_id(duckdb_client_context context);

// What another connection is told.
inline constexpr const char* kNotYours = "this function is a part of a running stream";

}  // namespace leat::store
