// Which copy of its field each text is read from, and the query rewritten so that it is.
#pragma once

#include <utility>
#include <vector>

#include "base/result.h"
#include "stream/plan/references.h"

namespace leat::stream {

// Sets the copy of each text: 0 where nothing else takes the value that stands there, and marks
// the places with it. Errors: domain user, for a text that needs another copy where none can come
// along.
Result<void> choose_copies(References& references);

// Items to add at the end of SELECT lists, in this order, once nothing points into them.
using AddedItems = std::vector<std::pair<Json*, Json>>;

// Rewrites the tree that was walked: casts read their copies; CTEs, derived tables and unnest in
// FROM hand these on; what was never seen in a struct that is taken whole is NULL.
AddedItems rewrite(References& references);

}  // namespace leat::stream
