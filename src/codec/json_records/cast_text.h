// A token as the text that DuckDB casts to a list, a struct or a map, digit for digit: JSON goes
// through DOUBLE there, and is refused for each key that the struct does not have.
#pragma once

#include <string>

#include "codec/json/cursor.h"
#include "codec/topic_schema.h"

namespace leat::codec {

// Appends the token at the cursor, which is not null, and goes over it. `shape`: kStruct (with its
// fields), kList and kMap (with their element), and for what is in them kVarchar (a string's
// content, any other token as it is written) or kToken (as it is written). Of a struct, keys that
// it does not have are left out, and a key is found in any case of its letters if none is the same;
// of keys that stand twice the last counts. A token of another kind than the shape is its text,
// which is for DuckDB to refuse. False: not JSON.
bool append_cast_text(std::string& out, JsonCursor& cursor, const Type& shape);

}  // namespace leat::codec
