// What the transactions of one running stream work with: its epochs and its redrives.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "config/pipeline.h"
#include "log/topic_io.h"
#include "pipeline/epoch/epoch_preparer.h"
#include "pipeline/epoch/refused_rows.h"
#include "pipeline/epoch/stream_state.h"
#include "pipeline/epoch/target_tables.h"
#include "stream/query.h"

namespace leat::pipeline {

// All of it outlives who uses it.
struct StreamParts {
  const config::Stream& stream;
  const stream::Query& query;
  std::string query_hash;
  Clock& clock;
  log::TopicReader& topics;
  StreamState& state;
  TargetTables& tables;
  EpochPreparer& preparer;
  std::vector<std::string> outside;  // "<type>:<name>" of the targets outside
  bool keyed = false;                // a table has a key
  // Records of one table key have one record key, for every keyed table.
  bool keys_agree = true;
};

// What came of a transaction, for who delivers it and tells of it.
struct Written {
  std::vector<OutboxEntry> outbox = {};
  std::vector<StreamLetter> letters = {};  // new ones
  size_t appended = 0;                     // rows, to each table
  bool removed = false;                    // rows have left a table
};

}  // namespace leat::pipeline
