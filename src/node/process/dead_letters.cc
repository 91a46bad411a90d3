#include "node/process/dead_letters.h"

#include <algorithm>
#include <set>

#include "base/logging.h"
#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/ingest/task_cursors.h"
#include "pipeline/redrive/stream_discard.h"

namespace leat::node {
namespace {

constexpr std::string_view kOfTask = "task/";

std::string of_stream(const std::string& pipeline) { return "stream/" + pipeline + "."; }

DeadLetter from_task(pipeline::TaskLetter letter) {
  return {.id = std::string(kOfTask) + letter.key(),
          .pipeline = std::move(letter.pipeline),
          .owner = std::move(letter.task),
          .stage = pipeline::kTaskStage,
          .origin = std::move(letter.origin),
          .error = std::move(letter.error),
          .bytes = std::move(letter.bytes),
          .at = letter.at};
}

DeadLetter from_stream(const std::string& pipeline, pipeline::StreamLetter letter) {
  return {.id = of_stream(pipeline) + letter.name(),
          .pipeline = pipeline,
          .owner = letter.stream,
          .stage = letter.stage,
          .origin = fmt::format("{}-{}@{}", letter.topic, letter.partition, letter.offset),
          .error = std::move(letter.error),
          .bytes = letter.value.value_or(""),
          .at = letter.at};
}

// The part of the filter for letters whose ids begin with `prefix`; none: it names others only.
std::optional<pipeline::LetterFilter> part_of(const DeadLetterFilter& filter,
                                              std::string_view prefix) {
  pipeline::LetterFilter part{
      .owner = filter.owner, .stage = filter.stage, .error = filter.error, .names = {}};
  for (const auto& id : filter.ids) {
    if (id.starts_with(prefix)) part.names.push_back(id.substr(prefix.size()));
  }
  if (part.names.empty() && !filter.ids.empty()) return std::nullopt;
  return part;
}

bool of_pipeline(const DeadLetterFilter& filter, const std::string& pipeline) {
  return filter.pipeline.empty() || filter.pipeline == pipeline;
}

// Where a list goes on.
struct Behind {
  std::string task;      // the key of its letter
  std::string pipeline;  // empty: before all streams
  std::optional<pipeline::StreamLetter> letter;
};

Result<Behind> behind(Instance& instance, const std::string& after) {
  Behind place;
  if (after.empty()) return place;
  if (after.starts_with(kOfTask)) {
    place.task = after.substr(kOfTask.size());
    return place;
  }
  for (const auto& name : instance.pipelines()) {
    const std::string prefix = of_stream(name);
    if (!after.starts_with(prefix) || name.size() < place.pipeline.size()) continue;
    place.pipeline = name;
    place.letter = pipeline::StreamLetter::of_name(std::string_view(after).substr(prefix.size()));
  }
  if (place.letter) return place;
  return user_error("`{}` is not the id of a dead letter; `leat dlq list --json` has the ids",
                    after);
}

Result<bool> each_of_streams(Instance& instance, const std::string& name,
                             const pipeline::LetterFilter& filter,
                             std::optional<pipeline::StreamLetter> after,
                             const std::function<bool(DeadLetter)>& take) {
  LEAT_ASSIGN(Instance::PipelineStore * store, instance.pipeline_store(name));
  LEAT_ASSIGN(auto connection, store->database->connect());
  pipeline::LetterStore letters(*connection);
  while (true) {
    LEAT_TRY(connection->begin());
    auto page = letters.select(filter, after, {});
    connection->rollback();
    if (!page.ok()) return std::move(page).error();
    if (page->empty()) return true;
    after = page->back();
    for (auto& letter : *page) {
      if (!take(from_stream(name, std::move(letter)))) return false;
    }
  }
}

}  // namespace

Result<void> each_dead_letter(Instance& instance, const DeadLetterFilter& filter,
                              const std::string& after,
                              const std::function<bool(DeadLetter)>& take) {
  LEAT_ASSIGN(const Behind start, behind(instance, after));
  bool more = true;
  const auto of_tasks = part_of(filter, kOfTask);
  if (of_tasks && start.pipeline.empty()) {
    const std::string prefix = filter.pipeline.empty() ? "" : filter.pipeline + ".";
    LEAT_TRY(pipeline::each_task_letter(instance.topics().reader(), prefix, start.task,
                                        [&](pipeline::TaskLetter letter) -> Result<bool> {
                                          if (!of_pipeline(filter, letter.pipeline) ||
                                              !matches(letter, *of_tasks))
                                            return true;
                                          more = take(from_task(std::move(letter)));
                                          return more;
                                        }));
  }
  for (const auto& name : instance.pipelines()) {
    if (!more) return {};
    if (!of_pipeline(filter, name) || name < start.pipeline) continue;
    const auto of_streams = part_of(filter, of_stream(name));
    if (!of_streams) continue;
    LEAT_ASSIGN(more, each_of_streams(instance, name, *of_streams,
                                      name == start.pipeline ? start.letter : std::nullopt, take));
  }
  return {};
}

Result<void> check_dead_letter_id(Instance& instance, const std::string& id) {
  LEAT_TRY(behind(instance, id));
  return {};
}

Result<std::vector<std::string>> missing_dead_letters(Instance& instance,
                                                      const DeadLetterFilter& filter) {
  std::set<std::string> missing(filter.ids.begin(), filter.ids.end());
  if (missing.empty()) return std::vector<std::string>();
  LEAT_TRY(each_dead_letter(instance, filter, "", [&](const DeadLetter& letter) {
    missing.erase(letter.id);
    return true;
  }));
  return std::vector<std::string>(missing.begin(), missing.end());
}

Result<std::vector<LetterOwner>> owners_of_dead_letters(Instance& instance,
                                                        const DeadLetterFilter& filter) {
  std::vector<LetterOwner> owners;
  for (const auto& name : instance.pipelines()) {
    auto of_streams = part_of(filter, of_stream(name));
    if (!of_pipeline(filter, name) || !of_streams) continue;
    LEAT_ASSIGN(Instance::PipelineStore * store, instance.pipeline_store(name));
    LEAT_ASSIGN(auto connection, store->database->connect());
    LEAT_ASSIGN(const auto streams, pipeline::LetterStore(*connection).streams(*of_streams));
    for (const auto& stream : streams) {
      of_streams->owner = stream;
      owners.push_back({.pipeline = name, .is_task = false, .letters = *of_streams});
    }
  }
  auto of_tasks = part_of(filter, kOfTask);
  if (!of_tasks) return owners;
  std::set<std::pair<std::string, std::string>> tasks;
  LEAT_TRY(pipeline::each_task_letter(
      instance.topics().reader(), "", "", [&](const pipeline::TaskLetter& letter) -> Result<bool> {
        if (of_pipeline(filter, letter.pipeline) && matches(letter, *of_tasks)) {
          tasks.emplace(letter.pipeline, letter.task);
        }
        return true;
      }));
  for (const auto& [name, task] : tasks) {
    of_tasks->owner = task;
    owners.push_back({.pipeline = name, .is_task = true, .letters = *of_tasks});
  }
  return owners;
}

Result<int64_t> discard_dead_letters(Instance& instance, PipelineProcess* running,
                                     const LetterOwner& owner, const std::string& because) {
  if (owner.is_task) {
    if (running != nullptr) return running->discard_of_task(owner.letters, because);
    LEAT_ASSIGN(const auto held, pipeline::HeldLetters::open(owner.pipeline, owner.letters,
                                                             instance.topics(), instance.clock()));
    return held->discard(because);
  }
  if (running != nullptr && running->has_stream(owner.letters.owner)) {
    return running->discard_of_stream(owner.letters, because);
  }
  LEAT_ASSIGN(Instance::PipelineStore * store, instance.pipeline_store(owner.pipeline));
  LEAT_ASSIGN(auto connection, store->database->connect());
  return pipeline::discard_letters(owner.letters, because, instance.clock().now(), *connection);
}

Result<std::vector<Discarded>> discarded_letters(Instance& instance,
                                                 const DeadLetterFilter& filter) {
  std::vector<Discarded> found;
  const auto add = [&](Discarded discarded) {
    if (!of_pipeline(filter, discarded.pipeline)) return;
    if (filter.owner.empty() || filter.owner == discarded.owner) {
      found.push_back(std::move(discarded));
    }
  };
  LEAT_ASSIGN(const auto tallies, instance.cursors().tallies());
  for (const auto& [key, text] : tallies) {
    const auto tally = pipeline::TaskTally::from_json(text);
    if (!tally.ok() && tally.error().code() != ErrorCode::kCorrupt) return tally.error();
    if (!tally.ok()) {  // nobody's: its own task says more, and does not start
      log_warn("the key {} is passed over: {}", key, tally.error().message());
      continue;
    }
    const size_t dot = key.find('.');
    for (const auto& [because, letters] : tally->discarded) {
      add({.pipeline = key.substr(0, dot),
           .owner = key.substr(dot + 1),
           .because = because,
           .letters = letters});
    }
  }
  for (const auto& name : instance.pipelines()) {
    LEAT_ASSIGN(Instance::PipelineStore * store, instance.pipeline_store(name));
    LEAT_ASSIGN(auto connection, store->database->connect());
    LEAT_ASSIGN(const auto discarded, pipeline::LetterStore(*connection).discarded());
    for (const auto& each : discarded) {
      add({.pipeline = name,
           .owner = each.stream,
           .because = each.because,
           .letters = each.letters});
    }
  }
  return found;
}

}  // namespace leat::node
