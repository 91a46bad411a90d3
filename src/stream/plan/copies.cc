#include "stream/plan/copies.h"

#include <algorithm>
#include <functional>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <utility>

#include "codec/topic_schema.h"

namespace leat::stream {
namespace {

using codec::TypeKind;

void name_with_all_above(Place& place) {
  for (Place* at = &place; at != nullptr; at = at->parent) at->named = true;
}

size_t depth(const Place& place) { return place.parent == nullptr ? 0 : 1 + depth(*place.parent); }

template <class Test>
bool any_below(const Place& place, const Test& test) {
  const auto matches = [&](const Place& below) { return test(below) || any_below(below, test); };
  return (place.element != nullptr && matches(*place.element)) ||
         std::ranges::any_of(place.members, [&](const auto& member) { return matches(*member); });
}

// Whether the text of the token may stand in this copy of the field.
bool has_room(const Place& place, const codec::Type& form, size_t copy) {
  const auto there = place.texts.find(copy);
  if (there != place.texts.end()) return there->second == form;
  for (const Place* above = place.parent; above != nullptr; above = above->parent) {
    if (above->texts.contains(copy)) return false;
  }
  if (copy > 0) {
    return !any_below(place, [&](const Place& below) { return below.texts.contains(copy); });
  }
  // The column of a string holds the token's text whatever else takes it.
  const bool string =
      form.kind == TypeKind::kVarchar && place.seen != nullptr &&
      (place.seen->kind == TypeKind::kVarchar || place.seen->kind == TypeKind::kText);
  if (string) return true;
  return !is_within_whole(place) && !any_below(place, [](const Place& below) {
    return below.named || below.is_taken_whole() || below.texts.contains(0);
  });
}

class Rewriter {
 public:
  explicit Rewriter(References& references) : references_(references) {
    for (const TextUse& text : references_.texts) {
      if (text.copy > 0 || !text.through.is_null()) operands_[text.operand] = &text;
    }
    for (NamedValue& value : references_.values) {
      if (is_not_there(value)) nulls_.insert(value.node);
    }
  }

  AddedItems run() {
    std::vector<std::pair<Json*, Json>> changes;  // inner ones first
    for (const TextUse& text : references_.texts) {
      if (operands_.contains(text.operand)) changes.emplace_back(text.operand, text_of_token(text));
    }
    std::vector<std::pair<Relation*, std::vector<Json>>> unnests;
    // Those to the right and within read from those to the left.
    for (const auto& relation : references_.unnests | std::views::reverse) {
      if (!relation->unnest_copies.empty())
        unnests.emplace_back(relation.get(), lists_of(*relation));
    }
    for (const auto& [of, counter] : counters_) count(*counter.first, counter.second);
    for (const NamedValue& value : references_.values) {
      if (nulls_.contains(value.node)) *value.node = null_like(*value.node);
    }
    for (auto& [node, value] : changes) *node = std::move(value);
    for (auto& [relation, lists] : unnests) unnest_beside(*relation, std::move(lists));
    return std::move(added_);
  }

 private:
  // A member that was never seen, of a struct that is taken whole and must not show it.
  static bool is_not_there(const NamedValue& value) {
    return std::ranges::all_of(value.lineage.places, [](const Place* place) {
      for (; place->parent != nullptr; place = place->parent) {
        const Place& above = *place->parent;
        if (place->seen == nullptr && above.seen != nullptr &&
            above.seen->kind == TypeKind::kStruct && above.parent != nullptr &&
            is_within_whole(above)) {
          return true;
        }
      }
      return false;
    });
  }

  static Json null_like(const Json& node) {
    Json null = constant_null();
    null["alias"] = text_of(node, "alias");
    return null;
  }

  Json text_of_token(const TextUse& text) {
    Json made = text.copy > 0 ? copied(*text.operand, text.copy) : rewritten_parts(*text.operand);
    if (!text.through.is_null()) {
      made["alias"] = "";
      made = cast_node(std::move(made), "VARCHAR");
      made["cast_type"] = text.through;
      made["try_cast"] = text.cast->value("try_cast", false);
    }
    made["alias"] = text_of(*text.operand, "alias");
    return made;
  }

  // The expression as it will be.
  Json rewritten(const Json& node) {
    if (!node.is_structured()) return node;
    if (nulls_.contains(&node)) return null_like(node);
    if (const auto text = operands_.find(&node); text != operands_.end()) {
      return text_of_token(*text->second);
    }
    return rewritten_parts(node);
  }

  Json rewritten_parts(const Json& node) {
    Json made = node;
    for (auto& [key, value] : made.items()) {
      value = rewritten(node.is_array() ? node.at(std::stoul(key)) : node.at(key));
    }
    if (const auto counter = counters_.find(&node); counter != counters_.end()) {
      count(made, counter->second.second);
    }
    return made;
  }

  // The expression over another copy of the field that it comes from.
  Json copied(const Json& node, size_t copy) {
    if (class_of(node) == "COLUMN_REF") return copied_name(node, copy);
    Json made = rewritten_parts(node);
    const auto operands = node.find("children");
    if (operands != node.end()) made["children"][0] = copied(operands->at(0), copy);
    made["alias"] = "";
    return made;
  }

  Json copied_name(const Json& node, size_t copy) {
    const Resolved& resolved = references_.names.at(&node);
    auto names = node.at("column_names").get<std::vector<std::string>>();
    if (resolved.alias_of != nullptr) {
      return members_of(copied(*resolved.alias_of, copy), names, 1);
    }
    if (resolved.parameter != nullptr) {
      LambdaParameter& parameter = *resolved.parameter;
      if (parameter.index.empty()) {
        parameter.index = std::string(kReservedPrefix) + "index_" + parameter.name;
        counters_[parameter.lambda] = {parameter.lambda, parameter.index};
      }
      Json element = function_node("array_extract",
                                   {copied(*parameter.list, copy), column_node({parameter.index})});
      return members_of(std::move(element), names, 1);
    }
    Relation& relation = *resolved.relation;
    if (resolved.field != nullptr) {
      names[resolved.start] = copy_name(resolved.field->name, copy);
    } else {
      names[resolved.start] = column_copy(relation, *resolved.column, copy);
    }
    if (resolved.start == 0 && !relation.name.empty()) names.insert(names.begin(), relation.name);
    return column_node(names);
  }

  static Json members_of(Json value, const std::vector<std::string>& names, size_t from) {
    for (size_t i = from; i < names.size(); ++i) {
      value = function_node("struct_extract", {std::move(value), constant_text(names[i])});
    }
    return value;
  }

  // The name of the column's copy in a relation that is not the topic, which then has it.
  std::string column_copy(Relation& relation, size_t column, size_t copy) {
    if (relation.unnest != nullptr) {
      relation.unnest_copies.insert(copy);
      return copy_name(relation.columns[column].name, copy);
    }
    Shape& shape = *relation.shape;
    const std::string name = copy_name(shape.columns[column].name, copy);
    hand_on(shape, column, copy, name, true);
    return shape.copies.at({column, copy});
  }

  // `is_text`: the column's copy is a text, if that is to be made here.
  void hand_on(Shape& shape, size_t column, size_t copy, const std::string& name, bool is_text) {
    if (!shape.copies.try_emplace({column, copy}, name).second) return;
    if (shape.left != nullptr) {
      const auto& [left, right] = shape.sides[column];
      const bool texts =
          std::ranges::any_of(shape.columns[column].lineage.places,
                              [&](const Place* place) { return place->texts.contains(copy); });
      if (left) hand_on(*shape.left, *left, copy, name, texts);
      if (right) hand_on(*shape.right, *right, copy, name, texts);
      return;
    }
    const ColumnSource& source = shape.sources[column];
    Json item;
    const bool computed = shape.columns[column].lineage.is_computed();
    if (source.item == nullptr && computed) {
      const Relation& relation = *source.relation;
      item = column_node({relation.name, relation.columns[source.column].name});
      if (is_text) item = cast_node(std::move(item), "VARCHAR");
    } else if (source.item == nullptr) {
      item = source.relation->is_topic
                 ? column_node({source.relation->name,
                                copy_name(shape.columns[column].lineage.places[0]->name, copy)})
                 : column_node(
                       {source.relation->name, column_copy(*source.relation, source.column, copy)});
    } else if (computed) {
      item = rewritten(*source.item);
      item["alias"] = "";
      if (is_text) item = cast_node(std::move(item), "VARCHAR");
    } else {
      item = copied(*source.item, copy);
    }
    item["alias"] = name;
    added_.emplace_back(shape.select, std::move(item));
  }

  // (x, i) -> …
  static void count(Json& lambda, const std::string& name) {
    Json left = lambda.at("lhs");
    lambda["lhs"] = function_node("row", {std::move(left), column_node({name})});
  }

  std::vector<Json> lists_of(const Relation& relation) {
    std::vector<Json> lists;
    for (const size_t copy : relation.unnest_copies) {
      const Json& list = relation.unnest->at("function").at("children").at(0);
      lists.push_back(function_node("unnest", {copied(list, copy)}));
      lists.back()["alias"] = copy_name(relation.columns[0].name, copy);
    }
    return lists;
  }

  // unnest(list) in FROM gives one column only; in a SELECT list several lists go in step.
  static void unnest_beside(Relation& relation, std::vector<Json> lists) {
    Json first = std::move(relation.unnest->at("function"));
    first["alias"] = relation.columns[0].name;
    lists.insert(lists.begin(), std::move(first));
    *relation.unnest =
        subquery_relation(select_node(std::move(lists), no_relation()), relation.name);
  }

  References& references_;
  std::map<const Json*, const TextUse*> operands_;  // that become others
  std::set<const Json*> nulls_;
  std::map<const Json*, std::pair<Json*, std::string>> counters_;  // lambdas that get one
  AddedItems added_;
};

}  // namespace

Result<void> choose_copies(References& references) {
  for (NamedValue& value : references.values) {
    for (Place* place : value.lineage.places) name_with_all_above(*place);
  }
  // Inner ones first, so that copy 0 tells the names of all members: only there are they looked
  // for.
  std::vector<TextUse*> texts;
  for (TextUse& text : references.texts) {
    const auto is_outer = [&](const TextUse* other) {
      return depth(*other->lineage.places[0]) < depth(*text.lineage.places[0]);
    };
    texts.insert(std::ranges::find_if(texts, is_outer), &text);
  }
  for (TextUse* const use : texts) {
    TextUse& text = *use;
    const auto fits = [&](size_t copy) {
      return std::ranges::all_of(text.lineage.places, [&](const Place* place) {
        return has_room(*place, text.form, copy);
      });
    };
    text.copy = text.lineage.partly_computed ? 1 : 0;
    while (!fits(text.copy)) ++text.copy;
    if (text.copy > 0 && text.lineage.only_value) {
      Error error = user_error(
          "the text of `{}` cannot be had here, beside its value: cast it where the query reads it "
          "from the record",
          path_of(*text.lineage.places[0]));
      const auto position = position_of(*text.cast);
      return position ? std::move(error).at_position(*position) : error;
    }
    for (Place* place : text.lineage.places) {
      place->texts.try_emplace(text.copy, text.form);
      if (text.copy == 0) name_with_all_above(*place);
    }
  }
  return {};
}

AddedItems rewrite(References& references) { return Rewriter(references).run(); }

}  // namespace leat::stream
