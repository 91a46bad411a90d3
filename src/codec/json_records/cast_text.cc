#include "codec/json_records/cast_text.h"

#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text/lower_case.h"
#include "codec/json/string.h"

namespace leat::codec {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// A string's content if `unescaped`, else the token's bytes.
bool append_text(std::string& out, JsonCursor& cursor, bool unescaped) {
  if (unescaped && cursor.kind() == '"') {
    if (!append_unescaped(out, cursor.string())) return false;
    cursor.next();
    return true;
  }
  std::string_view bytes;
  if (!cursor.skip(bytes)) return false;
  out += bytes;
  return true;
}

bool append_inner(std::string& out, JsonCursor& cursor, const Type& shape);

bool append_list(std::string& out, JsonCursor& cursor, const Type& element) {
  out += '[';
  bool first = true;
  bool more = false;
  if (!cursor.open(']', more)) return false;
  while (more) {
    if (!std::exchange(first, false)) out += ", ";
    if (!append_inner(out, cursor, element) || !cursor.close_or_comma(']', more)) return false;
  }
  out += ']';
  return true;
}

// Calls `member(key)` at the value of each key of an object.
template <class Member>
bool for_each_member(JsonCursor& cursor, const Member& member) {
  bool more = false;
  if (!cursor.open('}', more)) return false;
  while (more) {
    std::string_view raw;
    std::string key;
    if (!cursor.key(raw) || !append_unescaped(key, raw)) return false;
    if (!member(key) || !cursor.close_or_comma('}', more)) return false;
  }
  return true;
}

bool append_struct(std::string& out, JsonCursor& cursor, const std::vector<Field>& fields) {
  struct Found {
    std::string text;
    bool exact = false;
  };
  std::vector<std::optional<Found>> found(fields.size());
  const auto member = [&](const std::string& key) {
    std::optional<size_t> index;
    bool exact = false;
    for (size_t i = 0; i < fields.size() && !exact; ++i) {
      exact = fields[i].name == key;
      if (exact || (!index && same_in_lower_case(fields[i].name, key))) index = i;
    }
    if (!index || (!exact && found[*index] && found[*index]->exact)) return cursor.skip();
    Found value{.text = {}, .exact = exact};
    if (!append_inner(value.text, cursor, fields[*index].type)) return false;
    found[*index] = std::move(value);
    return true;
  };
  if (!for_each_member(cursor, member)) return false;
  out += '{';
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!found[i]) continue;
    if (out.back() != '{') out += ", ";
    append_quoted(out, fields[i].name);
    out.append(": ").append(found[i]->text);
  }
  out += '}';
  return true;
}

bool append_map(std::string& out, JsonCursor& cursor, const Type& element) {
  std::vector<std::pair<std::string, std::string>> members;
  std::unordered_map<std::string, size_t> by_key;
  const auto member = [&](const std::string& key) {
    std::string value;
    if (!append_inner(value, cursor, element)) return false;
    const auto [at, is_new] = by_key.try_emplace(key, members.size());
    if (is_new) {
      members.emplace_back(key, std::move(value));
    } else {
      members[at->second].second = std::move(value);
    }
    return true;
  };
  if (!for_each_member(cursor, member)) return false;
  out += '{';
  for (const auto& [key, value] : members) {
    if (out.back() != '{') out += ", ";
    append_quoted(out, key);
    out.append("=").append(value);
  }
  out += '}';
  return true;
}

bool append_container(std::string& out, JsonCursor& cursor, const Type& shape) {
  if (shape.kind == TypeKind::kList) return append_list(out, cursor, shape.element.front());
  if (shape.kind == TypeKind::kMap) return append_map(out, cursor, shape.element.front());
  return append_struct(out, cursor, shape.fields);
}

bool has_shape(const JsonCursor& cursor, const Type& shape) {
  if (shape.kind == TypeKind::kList) return cursor.kind() == '[';
  return (shape.kind == TypeKind::kStruct || shape.kind == TypeKind::kMap) && cursor.kind() == '{';
}

bool append_inner(std::string& out, JsonCursor& cursor, const Type& shape) {
  if (cursor.kind() == 'n') {
    out += "NULL";
    return cursor.skip_null();
  }
  if (has_shape(cursor, shape)) return append_container(out, cursor, shape);
  std::string text;
  if (!append_text(text, cursor, shape.kind != TypeKind::kToken)) return false;
  append_quoted(out, text);
  return true;
}

}  // namespace

bool append_cast_text(std::string& out, JsonCursor& cursor, const Type& shape) {
  if (has_shape(cursor, shape)) return append_container(out, cursor, shape);
  return append_text(out, cursor, true);
}

}  // namespace leat::codec
