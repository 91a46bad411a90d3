// What a running process does now and then: retention, compaction and recovery points of the log.
#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "node/process/pipeline_process.h"

namespace leat::node {

// Maintains the log once. Retention waits for what a stream of any pipeline of the data directory
// has not read, running or not, and for what an outbox holds (docs/decisions/009). A stream that a
// running pipeline's file no longer names waits only for its outbox. Returns what retention waits
// for: a text for people, by what the waiting is about.
Result<std::map<std::string, std::string>> maintain_log(
    Instance& instance, const std::vector<const PipelineProcess*>& running);

// While it lives, a thread maintains the log: a second after it began, and then once a minute.
// Failures and what retention waits for are logged when they begin. REQUIRES: instance and
// processes outlive it.
class Upkeep {
 public:
  Upkeep(Instance& instance, std::vector<const PipelineProcess*> running);

  // Ends the thread, and maintains the log once more.
  void finish();

 private:
  void maintain();

  Instance& instance_;
  const std::vector<const PipelineProcess*> running_;
  std::map<std::string, std::string> told_;  // the thread's, and finish()'s after it
  std::jthread thread_;
};

}  // namespace leat::node
