// What becomes of the deliveries that an earlier process, or an earlier pipeline file, has left in
// the outbox: pure decisions.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/epoch/outbox.h"

namespace leat::pipeline {

struct StreamNow {
  std::string stream;
  std::set<std::string> targets;  // those outside, "<type>:<name>"
  std::string query_hash;
  bool began_anew = false;  // the records of before are lost from the log
  bool fresh = false;       // --fresh: what cannot be delivered any more is given up
};

enum class Leftover : uint8_t {
  kDeliver,  // again: the target makes the second time harmless
  kGiveUp,
  kRefuse,  // the stream does not start
};

struct LeftoverPlan {
  OutboxPart part;
  Leftover action = Leftover::kDeliver;
  std::string problem = {};  // a sentence with the remedy; empty for kDeliver
};

// One for each part. Rows can be computed again as they were when the target is still there, the
// query is the same, and the records are.
std::vector<LeftoverPlan> plan_leftovers(const std::vector<OutboxPart>& outbox,
                                         const StreamNow& stream);

// What a target that has the stream's epochs up to `newest` (none: it has none, or cannot say) is
// to get first, where the database has committed up to `committed` and the oldest that waits for it
// is `waiting` (none: nothing waits):
//   newest < waiting              that, for the first time
//   waiting <= newest <= committed  that again, which changes nothing: its end was not remembered
//   committed < newest            an error (user): the database is an older copy of itself, and new
//                                 epochs would be taken for those that are there
enum class FirstDelivery : uint8_t { kNothing, kNew, kAgain };
Result<FirstDelivery> first_delivery(std::optional<uint64_t> newest, uint64_t committed,
                                     std::optional<uint64_t> waiting);

}  // namespace leat::pipeline
