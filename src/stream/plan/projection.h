// From the fields that a query names to what is decoded from each record.
#pragma once

#include <string>
#include <vector>

#include "codec/projection.h"
#include "stream/plan/place.h"

namespace leat::stream {

struct FieldPlan {
  codec::Projection projection;
  // Fields of the projection's root that * must not show: copies, and what was never seen.
  std::vector<std::string> copies;
  std::vector<std::string> unseen;
  // The record as the query's own text sees it: all that was seen, and what it names besides.
  codec::Type seen;
};

// Prunes the schema to the places that the query names, and adds the copies of texts.
FieldPlan plan_fields(const Places& places);

// Whether DuckDB must cast what was decoded: the type holds a declared one.
bool holds_declared(const codec::Type& type);
// The type that a query sees: declared types by their names, fields only seen as null as NULL.
std::string exposed_type(const codec::Type& type);

}  // namespace leat::stream
