// YAML text → Nodes with places, references substituted; not checked against any description.
//
// What a pipeline file needs of YAML 1.2: one document, mappings with plain keys, sequences,
// scalars of all styles, anchors and aliases. Tags other than !!str, merge keys (<<) and further
// documents are refused. Bounded: 64 levels, 100,000 values and 16 MiB with aliases expanded.
#pragma once

#include <memory>

#include "config/node.h"
#include "config/problem_list.h"
#include "config/text/substitution.h"

namespace leat::config {

// The root; absent when the text is not YAML or beyond the bounds: then `problems` says why.
// Mistakes that leave the rest readable (a duplicate key, an unset variable) are added to
// `problems` too; a scalar with a bad reference is marked as unresolved.
Node read_yaml(const std::shared_ptr<const SourceText>& source, const VariableScope& scope,
               ProblemList& problems);

}  // namespace leat::config
