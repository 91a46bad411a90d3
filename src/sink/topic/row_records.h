// Rows as JSON records with the key that the pipeline file names.
#pragma once

#include <duckdb.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/record_key.h"
#include "log/topic_io.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

// One row or delete, made ready for a topic. Views belong to the RowRecords, until its next call.
struct RowRecord {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // none: a tombstone
  std::string refused;                    // not empty: why it cannot be a record
};

// Rows of the same columns. Not thread-safe.
class RowRecords {
 public:
  // `key`: output columns, none: records without a key. A key is the text that a task's record of
  // this content would have (codec::RecordKey).
  static Result<RowRecords> create(const std::vector<store::Column>& columns,
                                   const std::vector<std::string>& key);

  // The rows of chunk `index` of the batch, in their order; one with a NULL in its key, or larger
  // than `topic` takes, is refused. Errors (user): a column that cannot be a key.
  Result<std::vector<RowRecord>> rows(const store::RowBatch& batch, size_t index,
                                      const log::TopicConfig& topic);
  // One for each delete of the batch, in their order; without a key they have no effect, and there
  // are none. They stay valid together with the rows of a chunk.
  Result<std::vector<RowRecord>> deletes(const store::RowBatch& batch);

 private:
  RowRecords() = default;

  Result<void> check_key(const store::RowBatch& batch, duckdb_data_chunk chunk) const;
  Result<std::vector<store::DataChunk>> typed(const store::RowBatch& batch);

  std::vector<size_t> key_;           // indexes of the columns
  std::vector<std::string> missing_;  // of the key: columns that no record has had so far
  codec::RecordKey paths_;
  std::string row_text_;  // of a chunk, with readable bytes behind it
  std::deque<std::string> row_keys_;
  std::deque<std::string> delete_keys_;
  // Casts the texts of deletes; opened at the first one.
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
};

}  // namespace leat::sink
