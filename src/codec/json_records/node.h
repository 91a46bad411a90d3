// A projection as the decoder walks it: a tree of columns, each with what its values may be.
#pragma once

#include <duckdb.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/json_records/column.h"
#include "codec/json_records/object_keys.h"
#include "codec/projection.h"

namespace leat::codec {

struct Node {
  // One key of an object: the columns that take its value.
  struct Slot {
    Node* value = nullptr;
    std::vector<Node*> copies;    // the columns beside, each decoded for itself
    uint64_t seen_in = 0;         // Node::object, when the key was in the object
    const char* begin = nullptr;  // where its value was
    const char* end = nullptr;
  };

  TypeKind kind = TypeKind::kNull;
  std::string path;
  Column column;                                // the root has none
  std::vector<std::unique_ptr<Node>> children;  // kStruct: per field; kList: the element

  // Numbers: in the record, and those of them for which the type is.
  bool is_counted = false;
  bool is_required = false;
  uint32_t numbers = 0;
  uint32_t own_numbers = 0;

  std::optional<Type> shape;  // kCastText

  // kStruct
  std::optional<ObjectKeys> keys;
  std::vector<Slot> slots;  // by the index that `keys` gives
  uint64_t object = 0;      // counts the objects decoded

  // kList: elements in the child vector; of records that succeeded; room for.
  idx_t size = 0;
  idx_t committed = 0;
  idx_t capacity = 0;

  // A struct without fields is the text of an object that must have no key.
  bool is_struct() const { return kind == TypeKind::kStruct && !children.empty(); }

  // Takes the pointers of this column and those below from DuckDB.
  void attach(duckdb_vector vector);
  // A list's: the size that DuckDB knows.
  void load_size();
  // A list's: room for one more element.
  void grow();
  // NULL, all the way down: DuckDB's struct_extract looks at the child alone.
  void set_null(idx_t row);
};

// The tree of a projection, whose columns keep their texts in `texts` (see Column); `lists` gets
// every list in it, outer before inner, and `counted` the numbers that are counted.
std::unique_ptr<Node> make_tree(const Projection& projection, TextArena* texts,
                                std::vector<Node*>& lists, std::vector<Node*>& counted);

}  // namespace leat::codec
