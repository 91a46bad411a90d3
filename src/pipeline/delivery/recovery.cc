#include "pipeline/delivery/recovery.h"

namespace leat::pipeline {
namespace {

const char* problem_of(const OutboxPart& part, const StreamNow& stream) {
  if (stream.began_anew) return "its records are lost from the log; restore it";
  if (!stream.targets.contains(part.sink)) {
    return "the pipeline file no longer names it; put it back for one run";
  }
  if (part.query_hash != stream.query_hash) {
    return "the query has changed since; put it back for one run";
  }
  return nullptr;
}

}  // namespace

std::vector<LeftoverPlan> plan_leftovers(const std::vector<OutboxPart>& outbox,
                                         const StreamNow& stream) {
  std::vector<LeftoverPlan> plans;
  for (const auto& part : outbox) {
    plans.push_back({.part = part});
    const char* problem = problem_of(part, stream);
    if (problem == nullptr) continue;
    plans.back().action = stream.fresh ? Leftover::kGiveUp : Leftover::kRefuse;
    plans.back().problem = fmt::format(
        "epoch {} of the stream {} still waits for the target {}, but {}, or start the "
        "stream anew with --fresh",
        part.first_epoch, stream.stream, part.sink, problem);
  }
  return plans;
}

Result<FirstDelivery> first_delivery(std::optional<uint64_t> newest, uint64_t committed,
                                     std::optional<uint64_t> waiting) {
  if (newest && *newest > committed) {
    return user_error(
        "it holds epoch {} of this stream, and the pipeline's database has committed {}: the "
        "database is an older copy, and new rows would be taken for those that are there. Restore "
        "the newer one, or give the target another path",
        *newest, committed);
  }
  if (!waiting) return FirstDelivery::kNothing;
  return newest && *newest >= *waiting ? FirstDelivery::kAgain : FirstDelivery::kNew;
}

}  // namespace leat::pipeline
