#include "store/database.h"

#include "store/instance.h"

namespace leat::store {

Result<std::unique_ptr<Database>> Database::open(const Path& file, const DatabaseOptions& options) {
  LEAT_ASSIGN(auto instance, open_instance(file, options));
  return std::unique_ptr<Database>(new Database(std::move(instance), "", file));
}

Database::~Database() {
  if (catalogue_.empty()) return;
  // Checkpoints and closes the file. A failure leaves the write-ahead log, which the next open
  // reads; there is nobody to tell.
  if (auto connection = connect_to(instance_, "", file_)) {
    (void)(*connection)->run_ddl("DETACH " + quoted_identifier(catalogue_));
  }
}

Result<std::unique_ptr<Connection>> Database::connect() {
  return connect_to(instance_, catalogue_, file_);
}

duckdb_database Database::raw() { return instance_->raw(); }

}  // namespace leat::store
