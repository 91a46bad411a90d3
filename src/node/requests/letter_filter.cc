#include "node/requests/letter_filter.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text/nearest_name.h"
#include "node/pipeline_file/pipeline_file.h"
#include "pipeline/dead_letter/task_letters.h"

namespace leat::node {
namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

Error unknown(std::string_view what, const std::string& name, Names known) {
  std::ranges::sort(known);
  known.erase(std::ranges::unique(known).begin(), known.end());
  if (const auto near = nearest_name(name, known)) {
    return user_error("no {} is called `{}`; did you mean `{}`?", what, name, *near);
  }
  if (known.empty()) return user_error("no {} is called `{}`", what, name);
  return user_error("no {} is called `{}`; there are: {}", what, name, fmt::join(known, ", "));
}

Result<bool> any_letter(Instance& instance, const DeadLetterFilter& filter) {
  bool any = false;
  LEAT_TRY(each_dead_letter(instance, filter, "", [&](const DeadLetter&) {
    any = true;
    return false;
  }));
  return any;
}

// What the files of the pipelines say; nullopt where one cannot be read.
struct Written {
  Names owners;
  Names stages;
};
std::optional<Written> written(Instance& instance, const Names& pipelines) {
  Written found{.owners = {}, .stages = {"decode", "query", "sink", pipeline::kTaskStage}};
  for (const auto& name : pipelines) {
    const auto plan = load_known_pipeline(instance, name, "");
    if (!plan.ok()) return std::nullopt;
    for (const auto& task : plan->tasks) found.owners.push_back(task.name);
    for (const auto& stream : plan->streams) found.owners.push_back(stream.name);
  }
  return found;
}

// The place of a letter is easily taken for its source.
Result<void> check_owner(Instance& instance, const DeadLetterFilter& filter,
                         const std::optional<Written>& files) {
  if (!files || holds(files->owners, filter.owner)) return {};
  Names known = files->owners;
  std::optional<DeadLetter> there;
  LEAT_TRY(each_dead_letter(instance, {.pipeline = filter.pipeline}, "", [&](DeadLetter letter) {
    known.push_back(letter.owner);
    if (!there && letter.origin == filter.owner) there = std::move(letter);
    return true;
  }));
  if (there) {
    return user_error(
        "`{}` is where a letter comes from; its task or stream is `{}`, and its id `{}`",
        filter.owner, there->owner, there->id);
  }
  return unknown("task or stream", filter.owner, std::move(known));
}

}  // namespace

Result<void> check_letter_filter(Instance& instance, const DeadLetterFilter& filter) {
  Names pipelines = instance.pipelines();
  if (!filter.pipeline.empty() && !holds(pipelines, filter.pipeline)) {
    // A pipeline of tasks alone has no tables.
    LEAT_ASSIGN(const bool any, any_letter(instance, {.pipeline = filter.pipeline}));
    if (!any) return unknown("pipeline", filter.pipeline, std::move(pipelines));
  }
  if (!filter.pipeline.empty()) pipelines = {filter.pipeline};
  bool owner_is_known = filter.owner.empty();
  if (!owner_is_known) {
    LEAT_ASSIGN(owner_is_known,
                any_letter(instance, {.pipeline = filter.pipeline, .owner = filter.owner}));
  }
  bool stage_is_known = filter.stage.empty();
  if (!stage_is_known) {
    LEAT_ASSIGN(stage_is_known,
                any_letter(instance, {.pipeline = filter.pipeline, .stage = filter.stage}));
  }
  if (owner_is_known && stage_is_known) return {};
  const auto files = written(instance, pipelines);
  if (!owner_is_known) LEAT_TRY(check_owner(instance, filter, files));
  if (stage_is_known || !files || holds(files->stages, filter.stage)) return {};
  return unknown("stage", filter.stage, files->stages);
}

}  // namespace leat::node
