// From the fields that a query names to what is decoded from each record.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "codec/json_decoder.h"
#include "stream/plan/references.h"
#include "stream/query.h"

namespace leat::stream {

struct FieldPlan {
  codec::Projection projection;
  // Fields of the projection's root that * must not show: texts, and what was never seen.
  std::vector<std::string> hidden;
  // The positions of the CASTs whose child is a column of strings, as the records have them.
  std::set<size_t> casts_of_strings;
  std::vector<std::string> warnings;
};

// Prunes the schema to the named fields and rewrites, in the tree, the references that are decoded
// as text (`field::TYPE`) or lie beneath a text, and casts of declared types. Errors: domain user,
// with Unseen::kMistake, for a name that was never seen though a seen one is nearly the same.
Result<FieldPlan> plan_fields(References& references, const codec::TopicSchema& schema,
                              const std::string& topic, Unseen unseen);

// Whether DuckDB must cast what was decoded: the type holds a declared one.
bool holds_declared(const codec::Type& type);
// The type that a query sees: declared types by their names, fields only seen as null as NULL.
std::string exposed_type(const codec::Type& type);

}  // namespace leat::stream
