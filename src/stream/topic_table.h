// SELECT … FROM topic('users_created'): the records of a topic as a table, for people.
//
// Shape: one column per top-level field of the topic's schema, then _partition INTEGER, _offset
// BIGINT, _timestamp TIMESTAMPTZ (the record's), _key VARCHAR and _value VARCHAR (the record's
// bytes as text; NULL when they are not UTF-8). The fields of a record that is not JSON are NULL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "store/database.h"
#include "stream/query.h"

namespace leat::stream {

// Where the table's records come from. Thread-safe.
class TopicTableSource {
 public:
  virtual ~TopicTableSource() = default;

  // A schema that holds every record there is now. Errors (user): no such topic, with the nearest.
  virtual Result<codec::TopicSchema> schema(const std::string& topic) = 0;
  virtual Result<int32_t> partitions(const std::string& topic) = 0;
  // Committed records from `offset` on, and where to go on; none at the end.
  struct Piece {
    std::vector<InputRecord> records;
    int64_t next_offset = 0;
    bool end = false;
    std::vector<std::shared_ptr<const void>> memory;  // owns the records' bytes
  };
  // `offset` -1: from the first record.
  virtual Result<Piece> read(const std::string& topic, int32_t partition, int64_t offset) = 0;
};

// Makes topic(name) known to every connection of the database instance that `connection` is of.
Result<void> register_topic_table(store::Connection& connection,
                                  std::shared_ptr<TopicTableSource> source);

}  // namespace leat::stream
