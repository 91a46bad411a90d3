// One batch of a task, made ready for the log: its records with their keys, by the partition that
// they go to, and what becomes a dead letter.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/record_key.h"
#include "log/topic_io.h"
#include "pipeline/dead_letter/task_letters.h"
#include "pipeline/ingest/task_cursor.h"
#include "source/source.h"

namespace leat::pipeline {

// Movable: views survive a move.
struct TaskBatch {
  std::vector<std::vector<log::NewRecord>> records;  // by partition, in the source's order
  std::vector<TaskLetter> letters;
  TaskCounts counts;
  std::string next_cursor;
  bool last = false;
  std::vector<std::string> warnings;

  // What the records point into.
  std::shared_ptr<const void> memory;
  std::deque<std::string> keys;  // those that are no part of their record
};

// Where a batch goes to and what it is called in dead letters.
struct TaskBatchPlace {
  std::string pipeline;
  std::string task;
  std::string run;
  int64_t number = 0;  // of the batch within the run
};

// `now` is the time of its records and letters. A record becomes a dead letter when it has no key,
// or when the topic does not take one of its size. Without a key a batch stays together in one
// partition, and batches take turns.
TaskBatch make_task_batch(source::SourceBatch batch, const TaskBatchPlace& place,
                          const codec::RecordKey& key, const log::TopicConfig& topic, Micros now);

// The letter as a record's value, shortened where the topic of the letters does not take it whole.
std::string letter_value(TaskLetter& letter);

}  // namespace leat::pipeline
