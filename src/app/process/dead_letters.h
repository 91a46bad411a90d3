// Dead letters of all tasks and streams of a data directory, as one list.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/process/instance.h"
#include "base/result.h"
#include "pipeline/letters/task_letters.h"
#include "pipeline/stream/state_store.h"

namespace leat::app {

struct DeadLetter {
  std::string id;  // stable: names the letter for `show` and `redrive`
  std::string pipeline;
  std::string owner;   // name of the task or stream
  std::string stage;   // fetch (of a task), decode, query, sink
  std::string origin;  // request URL or file; topic-partition@offset
  std::string error;
  std::string bytes;  // the original record
  Micros at = 0;
  std::variant<pipeline::TaskLetter, pipeline::StreamLetter> letter;
};

// Filters that are empty match all. In the order of pipelines, tasks, streams, origins.
struct DeadLetterFilter {
  std::string pipeline;
  std::string owner;
  std::vector<std::string> ids;
};
Result<std::vector<DeadLetter>> find_dead_letters(Instance& instance,
                                                  const DeadLetterFilter& filter);

}  // namespace leat::app
