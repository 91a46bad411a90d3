// For tests: a source in memory that gives what a script says, and fails where it says so.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/ingest/ingest.h"

namespace leat::pipeline::test {

struct ScriptedBatch {
  std::vector<std::string> records;
  std::vector<source::RejectedRecord> rejected = {};
};

// What a source gives: its cursor is the number of the next batch.
struct Script {
  std::vector<ScriptedBatch> batches;
  std::map<size_t, int> failures = {};  // batch → how often asking for it fails
  std::set<size_t> hanging = {};        // batches that never come: a stop ends asking for them
  std::vector<std::string> asked = {};  // the cursors that it was asked with
  std::vector<std::thread::id> askers = {};
  std::mutex mutex = {};  // guards failures, asked, askers: a source may be asked ahead
  std::condition_variable_any changed = {};

  SourceFactory factory();
  size_t times_asked() {
    const std::lock_guard lock(mutex);
    return asked.size();
  }
  void wait_until_asked(size_t times) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked.size() >= times; });
  }
};

class ScriptedSource final : public source::Source {
 public:
  explicit ScriptedSource(Script& script) : script_(script) {}

  Result<source::SourceBatch> next(const std::string& cursor, std::stop_token stop) override {
    std::unique_lock lock(script_.mutex);
    script_.asked.push_back(cursor);
    script_.askers.push_back(std::this_thread::get_id());
    script_.changed.notify_all();
    const size_t number = cursor.empty() ? 0 : std::stoul(cursor);
    if (auto failing = script_.failures.find(number);
        failing != script_.failures.end() && failing->second > 0) {
      --failing->second;
      return external_error(Retry::kYes, "503 at batch {}", number);
    }
    if (script_.hanging.contains(number)) {
      script_.changed.wait(lock, stop, [] { return false; });
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    }
    const ScriptedBatch& batch = script_.batches.at(number);
    auto memory = std::make_shared<std::vector<std::string>>();
    source::SourceBatch made{.records = {},
                             .rejected = batch.rejected,
                             .origin = "http://api/" + std::to_string(number),
                             .next_cursor = std::to_string(number + 1),
                             .last = number + 1 == script_.batches.size(),
                             .memory = memory};
    for (const auto& record : batch.records) {
      memory->push_back(record + std::string(log::FetchedRecords::kReadablePadding, '\0'));
    }
    for (size_t i = 0; i < batch.records.size(); ++i) {
      made.records.push_back({std::string_view((*memory)[i]).substr(0, batch.records[i].size())});
    }
    return made;
  }

 private:
  Script& script_;
};

inline SourceFactory Script::factory() {
  return [this](const config::Task&,
                const config::RunContext&) -> Result<std::unique_ptr<source::Source>> {
    return std::unique_ptr<source::Source>(std::make_unique<ScriptedSource>(*this));
  };
}

}  // namespace leat::pipeline::test
