// Opening DuckDB instances: what Database and Store share.
#pragma once

#include <memory>

#include "store/database.h"

namespace leat::store {

// An empty path: in memory.
Result<std::shared_ptr<_duckdb_database>> open_instance(const Path& file,
                                                        const DatabaseOptions& options);

// A connection whose names without a catalogue mean `catalogue`; empty: the instance's own.
Result<std::unique_ptr<Connection>> connect_to(duckdb_database instance,
                                               const std::string& catalogue, const Path& file = {});

// `found` again, saying that `file` could not be opened and what helps.
Error open_error(const Path& file, const Error& found);

}  // namespace leat::store
