#include "node/instance/parquet_rows.h"

#include <mutex>

#include "node/instance/parquet_columns.h"
#include "store/database.h"

namespace leat::node {
namespace {

class DuckDbParquet final : public source::ParquetReader {
 public:
  Result<source::ParquetTypes> types(const Path& path) override {
    const std::lock_guard lock(mutex_);
    LEAT_TRY(look_at(path));
    return columns_.types;
  }

  Result<std::vector<std::string>> rows(const Path& path, uint64_t first, uint64_t count) override {
    const std::lock_guard lock(mutex_);
    if (first == 0 || path != path_) LEAT_TRY(look_at(path));
    auto result = connection_->query(fmt::format("SELECT {} FROM {} LIMIT {} OFFSET {}",
                                                 columns_.record, columns_.rows, count, first));
    if (!result.ok()) return unreadable(path, result.error());
    LEAT_ASSIGN(auto texts, result->texts());
    std::vector<std::string> rows;
    rows.reserve(texts.size());
    for (auto& row : texts) {
      rows.push_back(std::move(row[0]).value_or("{}"));
      quote_non_numbers(rows.back());
    }
    return rows;
  }

 private:
  static Error unreadable(const Path& path, const Error& error) {
    return external_error(Retry::kNo, "cannot read {} as Parquet: {}", path.string(),
                          error.message());
  }

  Result<void> look_at(const Path& path) {
    if (!database_) {
      LEAT_ASSIGN(database_, store::Database::open({}));
      LEAT_ASSIGN(connection_, database_->connect());
    }
    path_.clear();
    auto columns = parquet_columns(*connection_, path);
    if (!columns.ok()) return unreadable(path, columns.error());
    columns_ = std::move(*columns);
    path_ = path;
    return {};
  }

  std::mutex mutex_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
  Path path_;  // of columns_; empty: of none
  ParquetColumns columns_;
};

}  // namespace

std::unique_ptr<source::ParquetReader> make_parquet_reader() {
  return std::make_unique<DuckDbParquet>();
}

}  // namespace leat::node
