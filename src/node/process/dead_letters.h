// Dead letters of all tasks and streams of a data directory, as one list.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/instance/instance.h"
#include "node/process/pipeline_process.h"
#include "pipeline/dead_letter/stream_letter.h"

namespace leat::node {

struct DeadLetter {
  std::string id;  // stable: names the letter in commands
  std::string pipeline;
  std::string owner;   // name of the task or stream
  std::string stage;   // fetch (of a task), decode, query, sink
  std::string origin;  // request URL or file; topic-partition@offset
  std::string error;
  std::string bytes;  // the original record
  Micros at = 0;
};

// What is empty matches all.
struct DeadLetterFilter {
  std::string pipeline;
  std::string owner;
  std::string stage;
  std::string error;  // a part of it
  std::vector<std::string> ids;
};

// Until `take` gives false; in the order of tasks, then of pipelines and their streams, behind the
// letter `after`, which need not be there any more. Holds the bytes of a few at a time.
Result<void> each_dead_letter(Instance& instance, const DeadLetterFilter& filter,
                              const std::string& after,
                              const std::function<bool(DeadLetter)>& take);

// Errors (user): it is no id. (An empty one is before all letters.)
Result<void> check_dead_letter_id(Instance& instance, const std::string& id);

// Those of the ids that name no letter which the filter means.
Result<std::vector<std::string>> missing_dead_letters(Instance& instance,
                                                      const DeadLetterFilter& filter);

// A task or stream with letters that the filter means, and which of its own those are.
struct LetterOwner {
  std::string pipeline;
  bool is_task = false;
  pipeline::LetterFilter letters;
};
Result<std::vector<LetterOwner>> owners_of_dead_letters(Instance& instance,
                                                        const DeadLetterFilter& filter);

// Removes them for the reason `because`; `running`: the pipeline's process, or null. How many.
Result<int64_t> discard_dead_letters(Instance& instance, PipelineProcess* running,
                                     const LetterOwner& owner, const std::string& because);

// What was discarded of each task and stream that the filter's pipeline and owner mean.
struct Discarded {
  std::string pipeline;
  std::string owner;
  std::string because;
  int64_t letters = 0;
};
Result<std::vector<Discarded>> discarded_letters(Instance& instance,
                                                 const DeadLetterFilter& filter);

}  // namespace leat::node
