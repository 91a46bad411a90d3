#include "stream/topic_table.h"

#include <duckdb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/text/utf8.h"
#include "codec/logical_type.h"
#include "codec/record_format.h"

namespace leat::stream {
namespace {

enum Special : uint8_t { kPartition, kOffset, kTimestamp, kKey, kValue };
constexpr std::array<std::pair<const char*, duckdb_type>, 5> kSpecials = {{
    {"_partition", DUCKDB_TYPE_INTEGER},
    {"_offset", DUCKDB_TYPE_BIGINT},
    {"_timestamp", DUCKDB_TYPE_TIMESTAMP_TZ},
    {"_key", DUCKDB_TYPE_VARCHAR},
    {"_value", DUCKDB_TYPE_VARCHAR},
}};

using Source = std::shared_ptr<TopicTableSource>;

struct Bound {
  std::string topic;
  int32_t partitions = 0;
  std::vector<codec::Field> fields;  // the columns before the special ones
};

template <class T>
void destroy(void* pointer) {
  delete static_cast<T*>(pointer);
}

bool is_special(const std::string& name) {
  return std::any_of(kSpecials.begin(), kSpecials.end(),
                     [&](const auto& special) { return name == special.first; });
}

void bind(duckdb_bind_info info) {
  auto& source = *static_cast<Source*>(duckdb_bind_get_extra_info(info));
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  if (duckdb_is_null_value(parameter)) {
    duckdb_destroy_value(&parameter);
    duckdb_bind_set_error(info, "topic() takes the name of a topic, not NULL");
    return;
  }
  char* text = duckdb_get_varchar(parameter);
  auto bound = std::make_unique<Bound>();
  bound->topic = text == nullptr ? "" : text;
  duckdb_free(text);
  duckdb_destroy_value(&parameter);

  auto schema = source->schema(bound->topic);
  auto partitions = source->partitions(bound->topic);
  if (!schema.ok() || !partitions.ok()) {
    const Error& error = schema.ok() ? partitions.error() : schema.error();
    duckdb_bind_set_error(info, error.message().c_str());
    return;
  }
  bound->partitions = *partitions;
  for (auto& field : schema->root.fields) {
    if (is_special(field.name)) continue;
    duckdb_logical_type type = codec::make_logical_type(field.type);
    duckdb_bind_add_result_column(info, field.name.c_str(), type);
    duckdb_destroy_logical_type(&type);
    bound->fields.push_back(std::move(field));
  }
  for (const auto& [name, type] : kSpecials) {
    duckdb_logical_type logical = duckdb_create_logical_type(type);
    duckdb_bind_add_result_column(info, name, logical);
    duckdb_destroy_logical_type(&logical);
  }
  duckdb_bind_set_bind_data(info, bound.release(), destroy<Bound>);
}

// One scan: the records of all partitions, one after the other.
class Scan {
 public:
  Scan(Source source, const Bound& bound, std::vector<idx_t> columns)
      : source_(std::move(source)), bound_(bound), columns_(std::move(columns)) {
    codec::Projection projection;
    for (const idx_t column : columns_) {
      if (column < bound_.fields.size()) projection.root.fields.push_back(bound_.fields[column]);
    }
    if (!projection.root.fields.empty()) {
      decoder_ = codec::default_format().decoder(projection, nullptr);
    }
  }

  Result<void> fill(duckdb_data_chunk chunk) {
    const idx_t capacity = duckdb_vector_size();
    std::vector<duckdb_vector> decoded;
    std::vector<duckdb_vector> vectors;
    for (idx_t i = 0; i < columns_.size(); ++i) {
      vectors.push_back(duckdb_data_chunk_get_vector(chunk, i));
      if (columns_[i] < bound_.fields.size()) decoded.push_back(vectors.back());
    }
    idx_t row = 0;
    while (row < capacity) {
      if (next_ == piece_.records.size()) {
        LEAT_ASSIGN(const bool more, advance());
        if (!more) break;
        // The chunk holds copies of texts: nothing in it points into the piece that is gone.
        continue;
      }
      const InputRecord& record = piece_.records[next_++];
      LEAT_TRY(write(record, vectors, decoded, row));
      ++row;
    }
    duckdb_data_chunk_set_size(chunk, row);
    return {};
  }

 private:
  Result<bool> advance() {
    while (partition_ < bound_.partitions) {
      LEAT_ASSIGN(piece_, source_->read(bound_.topic, partition_, offset_));
      next_ = 0;
      offset_ = piece_.next_offset;
      if (piece_.end) {
        ++partition_;
        offset_ = -1;
      }
      if (!piece_.records.empty()) return true;
    }
    return false;
  }

  Result<void> write(const InputRecord& record, const std::vector<duckdb_vector>& vectors,
                     const std::vector<duckdb_vector>& decoded, idx_t row) {
    bool fields_are_null = !record.value;
    if (decoder_ && record.value) {
      const auto outcome = decoder_->decode(*record.value, decoded, row);
      if (outcome.status == codec::DecodeStatus::kMisfit) {
        return user_error("{}-{}@{}: {}; a record came meanwhile, run the query again",
                          bound_.topic, record.partition, record.offset, outcome.message);
      }
      fields_are_null = outcome.status == codec::DecodeStatus::kMalformed;
    }
    for (idx_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] < bound_.fields.size()) {
        if (fields_are_null) set_null(vectors[i], row);
      } else {
        write_special(static_cast<Special>(columns_[i] - bound_.fields.size()), record, vectors[i],
                      row);
      }
    }
    return {};
  }

  static void set_null(duckdb_vector vector, idx_t row) {
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
  }

  static void write_text(std::optional<std::string_view> text, duckdb_vector vector, idx_t row) {
    if (!text || !is_utf8(*text)) {
      set_null(vector, row);
    } else {
      duckdb_vector_assign_string_element_len(vector, row, text->data(), text->size());
    }
  }

  static void write_special(Special special, const InputRecord& record, duckdb_vector vector,
                            idx_t row) {
    void* data = duckdb_vector_get_data(vector);
    switch (special) {
      case kPartition:
        static_cast<int32_t*>(data)[row] = record.partition;
        break;
      case kOffset:
        static_cast<int64_t*>(data)[row] = record.offset;
        break;
      case kTimestamp:
        static_cast<int64_t*>(data)[row] = record.timestamp_ms * 1000;
        break;
      case kKey:
        write_text(record.key, vector, row);
        break;
      case kValue:
        write_text(record.value, vector, row);
        break;
    }
  }

  Source source_;
  const Bound& bound_;
  std::vector<idx_t> columns_;                     // indexes into fields, then specials
  std::unique_ptr<codec::RecordDecoder> decoder_;  // null: no field is read
  TopicTableSource::Piece piece_;
  size_t next_ = 0;
  int32_t partition_ = 0;
  int64_t offset_ = -1;
};

void init(duckdb_init_info info) {
  const auto& bound = *static_cast<const Bound*>(duckdb_init_get_bind_data(info));
  const auto& source = *static_cast<Source*>(duckdb_init_get_extra_info(info));
  std::vector<idx_t> columns(duckdb_init_get_column_count(info));
  for (idx_t i = 0; i < columns.size(); ++i) columns[i] = duckdb_init_get_column_index(info, i);
  // COUNT(*) asks for a column that is none (the row id): any cheap one does.
  const idx_t known = bound.fields.size() + kSpecials.size();
  for (idx_t& column : columns) {
    if (column >= known) column = bound.fields.size() + kOffset;
  }
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, new Scan(source, bound, std::move(columns)), destroy<Scan>);
}

void scan(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto& state = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  const Result<void> filled = state.fill(chunk);
  if (!filled.ok()) duckdb_function_set_error(info, filled.error().message().c_str());
}

}  // namespace

Result<void> register_topic_table(store::Connection& connection,
                                  std::shared_ptr<TopicTableSource> source) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "topic");
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_table_function_add_parameter(function, text);
  duckdb_destroy_logical_type(&text);
  duckdb_table_function_set_extra_info(function, new Source(std::move(source)), destroy<Source>);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, scan);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state registered = duckdb_register_table_function(connection.raw(), function);
  duckdb_destroy_table_function(&function);
  if (registered != DuckDBSuccess)
    return internal_error("cannot register the table function topic()");
  return {};
}

}  // namespace leat::stream
