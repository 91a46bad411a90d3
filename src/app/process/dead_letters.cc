#include "app/process/dead_letters.h"

#include <algorithm>

namespace leat::app {
namespace {

DeadLetter from_task(pipeline::TaskLetter letter) {
  return {.id = "task/" + letter.key(),
          .pipeline = letter.pipeline,
          .owner = letter.task,
          .stage = "fetch",
          .origin = letter.origin,
          .error = letter.error,
          .bytes = letter.bytes,
          .at = letter.at,
          .letter = std::move(letter)};
}

DeadLetter from_stream(const std::string& pipeline, pipeline::StreamLetter letter) {
  const std::string origin = fmt::format("{}-{}@{}", letter.topic, letter.partition, letter.offset);
  std::string id = fmt::format("stream/{}.{}/{}", pipeline, letter.stream, origin);
  if (!letter.sink.empty()) id += fmt::format("/{}/{}", letter.sink, letter.row);
  return {.id = std::move(id),
          .pipeline = pipeline,
          .owner = letter.stream,
          .stage = letter.stage,
          .origin = origin,
          .error = letter.error,
          .bytes = letter.value.value_or(""),
          .at = letter.at,
          .letter = std::move(letter)};
}

bool matches(const DeadLetter& letter, const DeadLetterFilter& filter) {
  if (!filter.pipeline.empty() && letter.pipeline != filter.pipeline) return false;
  if (!filter.owner.empty() && letter.owner != filter.owner) return false;
  return filter.ids.empty() ||
         std::find(filter.ids.begin(), filter.ids.end(), letter.id) != filter.ids.end();
}

}  // namespace

Result<std::vector<DeadLetter>> find_dead_letters(Instance& instance,
                                                  const DeadLetterFilter& filter) {
  std::vector<DeadLetter> found;
  const auto take = [&](DeadLetter letter) {
    if (matches(letter, filter)) found.push_back(std::move(letter));
  };
  LEAT_ASSIGN(auto of_tasks, pipeline::read_task_letters(instance.log()));
  for (auto& letter : of_tasks) take(from_task(std::move(letter)));
  for (const auto& name : instance.pipelines()) {
    LEAT_ASSIGN(Instance::PipelineStore * store, instance.pipeline_store(name));
    LEAT_ASSIGN(auto connection, store->database->connect());
    LEAT_ASSIGN(auto letters, pipeline::StateStore(*connection).load_letters());
    for (auto& letter : letters) take(from_stream(name, std::move(letter)));
  }
  return found;
}

}  // namespace leat::app
