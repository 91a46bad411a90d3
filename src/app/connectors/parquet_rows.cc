#include "app/connectors/parquet_rows.h"

#include <mutex>

#include "store/database.h"

namespace leat::app {
namespace {

class DuckDbParquet final : public source::ParquetReader {
 public:
  Result<std::vector<std::string>> rows(const Path& path, uint64_t first, uint64_t count) override {
    const std::lock_guard lock(mutex_);
    if (!database_) {
      LEAT_ASSIGN(database_, store::Database::open({}));
      LEAT_ASSIGN(connection_, database_->connect());
    }
    auto result = connection_->query(
        fmt::format("SELECT to_json(t)::VARCHAR FROM read_parquet({}) AS t LIMIT {} OFFSET {}",
                    store::quoted_literal(path.string()), count, first));
    if (!result.ok()) {
      return external_error(Retry::kNo, "cannot read {} as Parquet: {}", path.string(),
                            result.error().message());
    }
    LEAT_ASSIGN(auto texts, result->texts());
    std::vector<std::string> rows;
    rows.reserve(texts.size());
    for (auto& row : texts) rows.push_back(std::move(row[0]).value_or("{}"));
    return rows;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
};

}  // namespace

std::unique_ptr<source::ParquetReader> make_parquet_reader() {
  return std::make_unique<DuckDbParquet>();
}

}  // namespace leat::app
