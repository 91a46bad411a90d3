// What a stream has bound of its topic's records: the types with which its query computes.
//
// They begin with the declared schema and grow by the records of the stream, in their order, and
// only by fields that its query uses. The kind of a field (boolean, number, text, object, list) is
// that of the first record that has it, where the query computes with it: a record of another kind
// is refused. A field that is only passed on takes values of every kind: it widens, without loss.
// RecordFormat::bind() takes a record in; what is here is the same for records of every format.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/projection.h"
#include "codec/topic_schema.h"

namespace leat::codec {

struct BindingRules {
  // Fields that are passed on into the key of a target: numbers, texts and booleans stay apart
  // there, and numbers widen into what keeps all of them different.
  std::set<std::string> keys;
  bool all_are_keys = false;   // where it is not known which fields are
  bool strict = false;         // `schema: strict`: the type that was first is kept
  bool no_new_fields = false;  // and `*` takes no others than those that are declared
};

enum class Binding : uint8_t {
  kNone,     // the types hold the record already
  kWider,    // they do now; records before this one give the same with the new types
  kBound,    // they do now, and hold for this record and those after it only
  kRefused,  // the types are as they were: `message` names field, expected type, token and remedy
};

struct BindingOutcome {
  Binding binding = Binding::kNone;
  std::string message;
};

// The least kind that holds the numbers of both, each as it is, where they are only passed on.
TypeKind wider_number(TypeKind a, TypeKind b);

// Gives the fields of each group in `projection.joined` one type that holds the values of all of
// them as they are; what the query computes with, and what is declared, keeps its own. Returns why
// there is no such type, if a field must keep its kind; then `types` is of no use.
std::optional<std::string> join_types(TopicSchema& types, const Projection& projection,
                                      const BindingRules& rules);

// Adds the paths, below `path`, of the numbers whose types differ in `a` and `b`.
void differing_numbers(const Type& a, const Type& b, const std::string& path,
                       std::vector<std::string>& paths);

// `bound`, with what is declared in the place of what was bound where a record had it first.
TopicSchema declared_over(const TopicSchema& declared, const TopicSchema& bound);

// `types` without the fields that `projection` does not have.
TopicSchema only_projected(const TopicSchema& types, const Projection& projection);

// `types` as a query uses them that may be another one than that which bound them: what it computes
// with has one kind again, and what it only passes on may widen.
TopicSchema fitted(const TopicSchema& types, const Projection& projection);

}  // namespace leat::codec
