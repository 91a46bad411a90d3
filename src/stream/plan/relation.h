// What stands in FROM, and what a query gives, column by column with the place that each comes
// from.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stream/plan/place.h"
#include "stream/syntax/ast.h"

namespace leat::stream {

struct Relation;

struct Column {
  std::string name;  // as it is spelled
  Lineage lineage;
};

// Where a SELECT's column comes from: an item of its list, or a column that a star stands for.
struct ColumnSource {
  Json* item = nullptr;
  std::shared_ptr<Relation> relation;
  size_t column = 0;
};

// What a query gives.
struct Shape {
  bool reads = false;      // the topic
  bool opaque = false;     // it has columns that are not known here
  bool any_field = false;  // a star over the topic: names that are not known are fields of it
  std::vector<Column> columns;

  Json* select = nullptr;  // the SELECT_NODE, with a source for each column
  std::vector<ColumnSource> sources;
  // Or two queries, with the column of each that a column comes from, if it has one.
  std::shared_ptr<Shape> left;
  std::shared_ptr<Shape> right;
  std::vector<std::pair<std::optional<size_t>, std::optional<size_t>>> sides;

  // Copies of columns that the query gives besides: by column and copy, their names.
  std::map<std::pair<size_t, size_t>, std::string> copies;
};

struct Relation {
  std::string name;  // as the query may spell it
  bool is_topic = false;
  bool carries = false;  // the row identity
  bool opaque = false;
  std::string schema;            // of a topic with a dotted name: what stands before the last dot
  std::vector<Column> columns;   // not of the topic: those are its fields
  std::shared_ptr<Shape> shape;  // of a CTE or a derived table
  Json* unnest = nullptr;        // the node of unnest(list) in FROM
  std::set<size_t> unnest_copies;

  // The names of what it has besides its columns.
  std::vector<std::string> hidden() const;
};

// A parameter of a lambda that stands for the elements of `list`.
struct LambdaParameter {
  std::string name;  // lower case
  Lineage lineage;
  Json* list = nullptr;    // the list's expression
  Json* lambda = nullptr;  // the LAMBDA
  std::string index;       // the name of the parameter that counts; empty until it is needed
};

struct Alias {
  Json* item = nullptr;
  Lineage lineage;
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<std::shared_ptr<Relation>> relations;
  std::map<std::string, Alias> aliases;  // of the SELECT list, by lower-case name
};

// What a COLUMN_REF names.
struct Resolved {
  std::shared_ptr<Relation> relation;
  std::optional<size_t> column;  // of a relation that is not the topic
  const Place* field = nullptr;  // of the topic
  size_t start = 0;              // column_names[start] is the column's name
  std::shared_ptr<LambdaParameter> parameter;
  Json* alias_of = nullptr;  // the item of the SELECT list
};

}  // namespace leat::stream
