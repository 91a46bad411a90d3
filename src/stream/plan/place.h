// The places in a topic's records that a query names, and how it uses the value of each.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/topic_schema.h"
#include "stream/query.h"

namespace leat::stream {

// A field of the record, a member of an object, or the elements of a list.
struct Place {
  std::string name;  // as in the records; as in the query when never seen; of elements: empty
  const codec::Type* seen = nullptr;  // null: never seen
  Place* parent = nullptr;            // null: the record
  std::vector<std::unique_ptr<Place>> members;
  std::unique_ptr<Place> element;

  bool named = false;   // a value of the column is named, whatever becomes of it
  bool passed = false;  // reaches an output column as it is
  bool typed = false;   // what the query computes depends on its type
  bool whole = false;   // all of it is decoded
  bool picked = false;  // the record: of its fields those whose names match, COLUMNS('id|name')
  // The copies of the field (see Places) in which the token's text is decoded here, and in which
  // form: kVarchar, kToken or kCastText.
  std::map<size_t, codec::Type> texts;

  bool is_taken_whole() const { return passed || typed || whole; }
};

// Where the value of an expression stands in the records. Through UNION ALL it may be one of
// several places, or, in some branches, none.
struct Lineage {
  std::vector<Place*> places;
  bool partly_computed = false;
  // What stands there has no way to carry another copy of the field: list_filter(…).
  bool only_value = false;

  bool is_computed() const { return places.empty(); }
};

// The field of a struct by a name as the query spells it: exact case first, then any case, as
// DuckDB looks names up. Null if there is none.
const codec::Field* find_field(const codec::Type& type, std::string_view name);

// The path of a place as messages have it: customer.name, items[].price.
std::string path_of(const Place& place);

// The tree of places.
//
// A field of the record may be decoded several times, each time into a column of its own: copy 0
// holds values, and the texts that go beside them; further copies hold only texts, in lists and
// structs of the shape that the records have: items[].price beside whole items is the column
// "items::text" of STRUCT(price VARCHAR)[].
class Places {
 public:
  // Those of the names that match a regular expression, as DuckDB does it.
  using Match = std::function<std::set<std::string>(const std::string& regex,
                                                    const std::vector<std::string>& names)>;
  // REQUIRES: both stay.
  Places(const codec::TopicSchema& schema, const std::string& topic, Unseen unseen, Match match);

  const Match& match() const { return match_; }

  Place& record() { return record_; }
  const Place& record() const { return record_; }
  const codec::Type& schema() const { return schema_.root; }

  // The member that the query calls `name`; null where there can be none. Errors: domain user,
  // with Unseen::kMistake, for a name that was never seen though a seen one is nearly the same.
  Result<Place*> member(Place& of, const std::string& name);
  // The elements of a list; null where it is none.
  static Place* element(Place& of);

  // "`login.uid` was never seen in users_created: NULL"
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Result<void> never_seen(const Place& parent, const std::string& name);

  const codec::TopicSchema& schema_;
  const std::string& topic_;
  const Unseen meaning_of_unseen_;
  const Match match_;
  Place record_;
  std::set<std::string> warned_;
  std::vector<std::string> warnings_;
};

// The column of a field's copy: items, items::text, items::text::text.
std::string copy_name(std::string name, size_t copy);

// Whether a place above this one, or itself, is taken whole.
bool is_within_whole(const Place& place);

}  // namespace leat::stream
