#include "sink/topic/row_records.h"

#include <algorithm>
#include <utility>

#include "base/text/json_text.h"
#include "base/text/lower_case.h"
#include "log/largest_record.h"
#include "sink/store/key_bytes.h"
#include "sink/store/typed_deletes.h"
#include "store/cell.h"

namespace leat::sink {
namespace {

// So many bytes after a JSON text are read by who looks for something in it.
constexpr size_t kReadable = log::FetchedRecords::kReadablePadding;

struct ColumnWriter {
  std::string name;  // as JSON, with its colon
  duckdb_vector vector;
  store::LogicalType type;
};

std::vector<ColumnWriter> column_writers(duckdb_data_chunk chunk,
                                         const std::vector<std::string>& names) {
  std::vector<ColumnWriter> columns;
  for (idx_t i = 0; i < names.size(); ++i) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    std::string name;
    append_json_string(name, names[i]);
    columns.push_back({.name = name + ":",
                       .vector = vector,
                       .type = store::LogicalType(duckdb_vector_get_column_type(vector))});
  }
  return columns;
}

// The chunk's rows as JSON objects of its first columns, one after the other in `text`.
std::vector<std::string_view> objects(duckdb_data_chunk chunk,
                                      const std::vector<std::string>& names, std::string& text) {
  const auto columns = column_writers(chunk, names);
  std::vector<size_t> ends;
  text.clear();
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
    char before = '{';
    for (const auto& column : columns) {
      text += before;
      text += column.name;
      store::append_json(text, column.vector, column.type.get(), row);
      before = ',';
    }
    text += columns.empty() ? "{}" : "}";
    ends.push_back(text.size());
  }
  text.append(kReadable, '\0');
  std::vector<std::string_view> made;
  size_t begin = 0;
  for (const size_t end : ends) {
    made.push_back(std::string_view(text).substr(begin, end - begin));
    begin = end;
  }
  return made;
}

std::vector<std::string> names_of(const std::vector<store::Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

// The key of the object; none where a part of it is NULL.
std::optional<std::string_view> key_of(const codec::RecordKey& paths, std::string_view object,
                                       std::deque<std::string>& made) {
  std::string own;
  auto key = paths.of(object, own);
  if (!key.ok()) return std::nullopt;
  if (key->data() != own.data()) return *key;
  return made.emplace_back(std::move(own));
}

}  // namespace

Result<RowRecords> RowRecords::create(const std::vector<store::Column>& columns,
                                      const std::vector<std::string>& key) {
  RowRecords records;
  std::vector<std::string> paths;
  for (const auto& name : key) {
    const auto column = std::ranges::find_if(
        columns, [&](const store::Column& c) { return same_in_lower_case(c.name, name); });
    if (column == columns.end()) {
      records.missing_.push_back(name);
      continue;
    }
    records.key_.push_back(static_cast<size_t>(column - columns.begin()));
    std::string quoted;
    append_json_string(quoted, column->name);
    paths.push_back("[" + quoted + "]");
  }
  LEAT_ASSIGN(records.paths_, codec::RecordKey::parse(paths));
  return records;
}

// What can be the key of a table can be that of a record.
Result<void> RowRecords::check_key(const store::RowBatch& batch, duckdb_data_chunk chunk) const {
  for (const size_t index : key_) {
    const store::LogicalType type(
        duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk, index)));
    if (can_be_key(duckdb_get_type_id(type.get()))) continue;
    return user_error("the key column {} is {}: a key must be a plain value",
                      batch.columns[index].name, store::type_name(type.get()));
  }
  return {};
}

Result<std::vector<RowRecord>> RowRecords::rows(const store::RowBatch& batch, size_t index,
                                                const log::TopicConfig& topic) {
  const duckdb_data_chunk chunk = batch.chunks[index].get();
  LEAT_TRY(check_key(batch, chunk));
  row_keys_.clear();
  const size_t largest = log::largest_record(topic);
  std::vector<RowRecord> records;
  for (const std::string_view object : objects(chunk, names_of(batch.columns), row_text_)) {
    RowRecord& record = records.emplace_back();
    record.value = object;
    if (!missing_.empty()) {
      record.refused =
          fmt::format("the key is NULL: no record had {} so far", fmt::join(missing_, ", "));
    } else if (object.size() > largest) {
      record.refused = log::too_large_message(topic);
    } else if (!paths_.empty()) {
      record.key = key_of(paths_, object, row_keys_);
      if (!record.key) {
        record.refused = null_key_message(batch, key_);
      } else if (record.key->size() + object.size() > largest) {
        record.refused = log::too_large_message(topic);
      }
    }
  }
  return records;
}

Result<std::vector<store::DataChunk>> RowRecords::typed(const store::RowBatch& batch) {
  if (connection_ == nullptr) {
    // What casts texts reads no file.
    LEAT_ASSIGN(database_, store::Database::open({}, {.locked_to = "/dev/null/no-folder"}));
    LEAT_ASSIGN(connection_, database_->connect());
  }
  return typed_deletes(*connection_, batch, key_);
}

Result<std::vector<RowRecord>> RowRecords::deletes(const store::RowBatch& batch) {
  std::vector<RowRecord> records;
  delete_keys_.clear();
  // While a column of the key is missing, no row had a key that could be deleted.
  if (batch.deletes.empty() || paths_.empty() || !missing_.empty()) return records;
  std::vector<std::string> names;
  for (const size_t index : key_) names.push_back(batch.columns[index].name);
  LEAT_ASSIGN(const auto chunks, typed(batch));
  std::string text;
  for (const auto& chunk : chunks) {
    for (const std::string_view object : objects(chunk.get(), names, text)) {
      RowRecord& record = records.emplace_back();
      std::string own;
      const auto key = paths_.of(object, own);
      if (key.ok()) {
        record.key = delete_keys_.emplace_back(*key);
      } else {
        record.refused = wrong_delete_message(batch, key_, records.size() - 1);
      }
    }
  }
  return records;
}

}  // namespace leat::sink
