// The walk of find_references(): over queries and what stands in FROM (references.cc), over
// expressions (expressions.cc), and the look-up of names (names.cc).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stream/plan/references.h"

namespace leat::stream {

// The text of a constant; nullopt for any other expression.
std::optional<std::string> constant_text_of(const Json& node);

class Walker {
 public:
  using Ctes = std::map<std::string, std::shared_ptr<Shape>>;  // by lower-case name
  // What becomes of a query's rows.
  enum class Rows : uint8_t {
    kOutput,  // they are those of the stream
    kNamed,   // another query takes the columns that it names
    kPlaced,  // another query takes them by their place: UNION ALL, x(a, b)
  };
  enum class As : uint8_t { kNamed, kTyped };

  explicit Walker(Places& places) : places_(places) {}

  Result<std::shared_ptr<Shape>> query(Json& node, Ctes ctes, const Scope* outer, Rows rows);
  References take() { return std::move(found_); }
  // Marks what the query gives as output of the stream.
  void pass(const Shape& shape);

 private:
  // references.cc
  Result<std::shared_ptr<Shape>> select(Json& node, const Ctes& ctes, const Scope* outer,
                                        Rows rows);
  Result<void> items(Json& node, const Ctes& ctes, Scope& scope, Shape& shape, Rows rows);
  Result<void> clauses(Json& node, const Ctes& ctes, const Scope& scope);
  Result<bool> relation(Json& node, const Ctes& ctes, Scope& scope);
  Result<bool> join(Json& node, const Ctes& ctes, Scope& scope);
  std::shared_ptr<Relation> table(Json& node, const Ctes& ctes);
  Result<void> table_function(Json& node, const Ctes& ctes, const Scope& scope,
                              std::shared_ptr<Relation>& added);
  Result<void> star_item(Json& node, const Ctes& ctes, const Scope& scope, Shape& shape, Rows rows);
  Result<void> pick_columns(const Json& star, const Relation& relation, Rows rows);
  Result<void> add_star_columns(Json& star, const std::shared_ptr<Relation>& relation, Shape& shape,
                                Rows rows);
  Result<bool> star_of_struct(const std::string& name, const Scope& scope, Shape& shape);
  void rename_columns(Shape& shape, const std::vector<std::string>& names);
  void note_joined(const Shape& shape);

  // expressions.cc: the lineage of what only names a value; any other is used on the way.
  Result<Lineage> expression(Json& node, const Ctes& ctes, const Scope& scope);
  Result<void> children(Json& node, const Ctes& ctes, const Scope& scope);
  Result<void> typed(Json& node, const Ctes& ctes, const Scope& scope);
  Result<Lineage> cast(Json& node, const Ctes& ctes, const Scope& scope);
  Result<void> comparison(Json& node, const Ctes& ctes, const Scope& scope);
  Result<void> json_text(Json& function, Json& operand, const Ctes& ctes, const Scope& scope);
  Result<void> json_value(Json& function, Json& operand, const Ctes& ctes, const Scope& scope);
  Result<Lineage> operation(Json& node, const Ctes& ctes, const Scope& scope);
  Result<Lineage> function(Json& node, const Ctes& ctes, const Scope& scope);
  Result<Lineage> with_lambda(Json& node, const std::string& name, const Ctes& ctes,
                              const Scope& scope);
  void add_parameters(Json& lambda, const Lineage& elements, size_t index, Json* list);
  Result<Lineage> member_of(Json& node, Lineage lineage, const std::string& name,
                            const Json& stands_at);
  Lineage element_of(Json& node, Lineage lineage);
  void use(Json& node, Lineage lineage, As as);

  // names.cc
  Result<Lineage> column(Json& node, const Scope& scope);
  Result<std::optional<Lineage>> column_in(Json& node, const std::vector<std::string>& names,
                                           const Scope& scope);
  Result<std::optional<Lineage>> of_relation(Json& node, const std::vector<std::string>& names,
                                             const Scope& scope);
  bool is_named(std::string_view name) const;
  void name_column(const Json& node, const std::shared_ptr<Relation>& relation, size_t column,
                   size_t start);
  Result<Lineage> field(Json& node, const std::vector<std::string>& names, size_t start,
                        const std::shared_ptr<Relation>& relation);
  Result<std::optional<Lineage>> of_topic(Json& node, std::vector<std::string> names,
                                          const std::shared_ptr<Relation>& topic);
  Result<Lineage> members(Json& node, Lineage lineage, const std::vector<std::string>& names,
                          size_t from);
  Error at(const Json& node, Error error) const;

  Places& places_;
  References found_;
  std::vector<std::shared_ptr<LambdaParameter>> parameters_;
  int derived_ = 0;
};

// Whether the relation has a column of this name that is known.
std::optional<size_t> column_of(const std::vector<Column>& columns, std::string_view name);

}  // namespace leat::stream
