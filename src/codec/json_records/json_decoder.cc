#include "codec/json_records/json_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codec/json/cursor.h"
#include "codec/json/fault.h"
#include "codec/json/number.h"
#include "codec/json/string.h"
#include "codec/json/tokens.h"
#include "codec/json_records/cast_text.h"
#include "codec/json_records/node.h"

namespace leat::codec {
namespace {

// A value that a column cannot hold. Kept aside until the record is known to be JSON, and
// forgotten when a later duplicate of its key replaces it.
struct Misfit {
  const char* position;
  std::string message;
};
constexpr size_t kMaxMisfits = 32;

const char* expectation(TypeKind kind) {
  switch (kind) {
    case TypeKind::kNull:
      return "where only null was seen so far";
    case TypeKind::kBoolean:
      return "not a BOOLEAN";
    case TypeKind::kBigint:
      return "not a BIGINT";
    case TypeKind::kHugeint:
      return "not a HUGEINT";
    case TypeKind::kDouble:
      return "not a DOUBLE";
    case TypeKind::kInteger53:
    case TypeKind::kDouble53:
    case TypeKind::kNumberText:
    case TypeKind::kNumberHugeint:
    case TypeKind::kNumberDouble:
      return "not such a number";
    case TypeKind::kStruct:
      return "not an object";
    case TypeKind::kList:
      return "not a list";
    case TypeKind::kVarchar:
    case TypeKind::kDeclared:
    case TypeKind::kText:
    case TypeKind::kMixed:
    case TypeKind::kToken:
    case TypeKind::kCastText:
    case TypeKind::kMap:
      break;
  }
  return "not a text";
}

std::string token_name(const JsonCursor& cursor) {
  if (cursor.is_number()) return fmt::format("the number {:.40}", cursor.scalar());
  return cursor.kind_name();
}

// Walks one record. False from any function: not JSON.
class RecordWalk {
 public:
  RecordWalk(const JsonTokens& tokens, std::string& scratch, std::vector<Misfit>& misfits,
             LeftOutFields& left_out)
      : cursor_(tokens), scratch_(scratch), misfits_(misfits), left_out_(left_out) {}

  bool root(Node& node, idx_t row) {
    return cursor_.kind() == '{' && cursor_.root_closes() && object(node, row) && cursor_.at_end();
  }

 private:
  bool value(Node& node, idx_t row) {
    if (cursor_.kind() == 'n') {
      node.set_null(row);
      return cursor_.skip_null();
    }
    switch (node.kind) {
      case TypeKind::kVarchar:
      case TypeKind::kDeclared:
        return text(node, row);
      case TypeKind::kText:
        return cursor_.kind() == '"' ? text(node, row) : misfit(node);
      case TypeKind::kNumberText:
        return cursor_.is_number() ? text_of_number(node, row) : misfit(node);
      case TypeKind::kToken:
        return token(node, row);
      case TypeKind::kCastText:
        return cast_text(node, row);
      case TypeKind::kMixed:
        return cursor_.is_number() ? text_of_number(node, row) : text(node, row);
      case TypeKind::kStruct:
        if (cursor_.kind() != '{') return misfit(node);
        return node.is_struct() ? object(node, row) : unknown_object(node, row);
      case TypeKind::kList:
        return cursor_.kind() == '[' ? list(node, row) : misfit(node);
      case TypeKind::kBoolean:
        return boolean(node, row);
      case TypeKind::kNull:
        return misfit(node);
      default:
        return number(node, row);
    }
  }

  bool object(Node& node, idx_t row) {
    bool more = false;
    if (!cursor_.open('}', more)) return false;
    ++node.object;
    node.keys->start_object();
    size_t seen = 0;
    while (more) {
      const char* const key_position = cursor_.position();
      std::string_view key;
      if (!cursor_.key(key)) return false;
      const uint32_t field = node.keys->find(key);
      if (field < node.slots.size()) {
        Node::Slot& slot = node.slots[field];
        if (slot.seen_in == node.object) {
          forget_misfits(slot);
        } else {
          slot.seen_in = node.object;
          ++seen;
        }
        if (!member(slot, row)) return false;
      } else {
        if (field == ObjectKeys::kInvalid) return false;
        if (field == ObjectKeys::kNew) misfit_of_key(node, key, key_position);
        if (field == ObjectKeys::kLeftOut) left_out(node, key);
        if (!cursor_.skip()) return false;
      }
      if (!cursor_.close_or_comma('}', more)) return false;
    }
    if (seen < node.slots.size()) null_absent(node, row);
    if (node.column.vector() != nullptr) node.column.set_valid(row);
    return true;
  }

  bool member(Node::Slot& slot, idx_t row) {
    slot.begin = cursor_.position();
    const JsonCursor start = cursor_;
    if (slot.value != nullptr && !value(*slot.value, row)) return false;
    for (Node* const copy : slot.copies) {
      cursor_ = start;
      if (!value(*copy, row)) return false;
    }
    slot.end = cursor_.position();
    return true;
  }

  static void null_absent(Node& node, idx_t row) {
    for (Node::Slot& slot : node.slots) {
      if (slot.seen_in == node.object) continue;
      if (slot.value != nullptr) slot.value->set_null(row);
      for (Node* const copy : slot.copies) copy->set_null(row);
    }
  }

  // Only {} has been seen here: an object with a key that counts does not fit.
  bool unknown_object(Node& node, idx_t row) {
    const char* const begin = cursor_.position();
    if (!object_keys_only(node)) return false;
    node.column.set_text(row, {begin, static_cast<size_t>(cursor_.previous_end() - begin)});
    return true;
  }
  bool object_keys_only(Node& node) {
    bool more = false;
    if (!cursor_.open('}', more)) return false;
    node.keys->start_object();
    while (more) {
      const char* const key_position = cursor_.position();
      std::string_view key;
      if (!cursor_.key(key)) return false;
      const uint32_t field = node.keys->find(key);
      if (field == ObjectKeys::kInvalid) return false;
      if (field == ObjectKeys::kNew) misfit_of_key(node, key, key_position);
      if (!cursor_.skip() || !cursor_.close_or_comma('}', more)) return false;
    }
    return true;
  }

  bool list(Node& node, idx_t row) {
    Node& element = *node.children.front();
    const idx_t offset = node.size;
    bool more = false;
    if (!cursor_.open(']', more)) return false;
    while (more) {
      if (node.size == node.capacity) node.grow();
      if (!value(element, node.size++) || !cursor_.close_or_comma(']', more)) return false;
    }
    node.column.set(row, duckdb_list_entry{.offset = offset, .length = node.size - offset});
    return true;
  }

  bool text(Node& node, idx_t row) {
    if (cursor_.kind() != '"') {
      std::string_view bytes;
      if (!cursor_.skip(bytes)) return false;
      node.column.set_text(row, bytes);
      return true;
    }
    const std::string_view content = cursor_.string();
    if (cursor_.has_escape(content)) {
      scratch_.clear();
      if (!append_unescaped(scratch_, content)) return false;
      node.column.set_text(row, scratch_);
    } else {
      node.column.set_text(row, content);
    }
    cursor_.next();
    return true;
  }

  bool token(Node& node, idx_t row) {
    std::string_view bytes;
    if (!cursor_.skip(bytes)) return false;
    node.column.set_text(row, bytes);
    return true;
  }

  bool cast_text(Node& node, idx_t row) {
    scratch_.clear();
    if (!append_cast_text(scratch_, cursor_, *node.shape)) return false;
    node.column.set_text(row, scratch_);
    return true;
  }

  bool text_of_number(Node& node, idx_t row) {
    const std::string_view token = cursor_.scalar();
    if (number_kind(token) == NumberKind::kNone) return false;
    scratch_ = number_text(token);
    node.column.set_text(row, scratch_);
    cursor_.next();
    return true;
  }

  bool boolean(Node& node, idx_t row) {
    const char kind = cursor_.kind();
    if (kind != 't' && kind != 'f') return misfit(node);
    node.column.set(row, kind == 't');
    return cursor_.skip();
  }

  bool number(Node& node, idx_t row) {
    if (cursor_.is_container() || cursor_.kind() == '"') return misfit(node);
    const std::string_view token = cursor_.scalar();
    const NumberKind kind = number_kind(token);
    if (kind == NumberKind::kNone || !number_fits(node, row, token, kind)) return misfit(node);
    if (node.is_counted) count(node, token, kind);
    cursor_.next();
    return true;
  }

  static void count(Node& node, std::string_view token, NumberKind kind) {
    ++node.numbers;
    node.own_numbers += node.kind == TypeKind::kNumberDouble    ? kind == NumberKind::kDecimal
                        : node.kind == TypeKind::kNumberHugeint ? !parse_bigint(token)
                                                                : true;
  }

  // Writes the number if the column can hold it.
  static bool number_fits(Node& node, idx_t row, std::string_view token, NumberKind kind) {
    if (node.kind == TypeKind::kDouble || node.kind == TypeKind::kDouble53 ||
        node.kind == TypeKind::kNumberDouble) {
      if (kind == NumberKind::kInteger) {
        // An integer that not even HUGEINT holds would lose digits in silence.
        if (token.size() > 38 && !parse_hugeint(token)) return false;
        if (node.kind == TypeKind::kDouble53 && !fits_53_bits(token)) return false;
      }
      const auto number = parse_double(token);
      if (number) node.column.set(row, *number);
      return number.has_value();
    }
    if (kind != NumberKind::kInteger) return false;
    if (node.kind == TypeKind::kBigint) {
      const auto number = parse_bigint(token);
      if (number) node.column.set(row, *number);
      return number.has_value();
    }
    if (node.kind == TypeKind::kInteger53) {
      const auto number = parse_bigint(token);
      if (!number || *number > kMaxInteger53 || *number < -kMaxInteger53) return false;
      node.column.set(row, *number);
      return true;
    }
    const auto number = parse_hugeint(token);
    if (number) node.column.set(row, *number);
    return number.has_value();
  }

  // The value does not fit; the walk goes on, as the record may not even be JSON.
  bool misfit(const Node& node) {
    if (misfits_.size() < kMaxMisfits) {
      misfits_.push_back(
          {cursor_.position(),
           fmt::format("{} is {}, {}", node.path, token_name(cursor_), expectation(node.kind))});
    }
    return cursor_.skip();
  }
  void misfit_of_key(const Node& node, std::string_view key, const char* position) {
    if (misfits_.size() == kMaxMisfits) return;
    std::string name;
    append_unescaped(name, key);
    misfits_.push_back({position, fmt::format("{} is a new field", member_path(node.path, name))});
  }
  void left_out(const Node& node, std::string_view key) {
    std::string name;
    append_unescaped(name, key);
    const std::string path = member_path(node.path, name);
    const auto known = left_out_.find(path);
    if (known == left_out_.end() && left_out_.size() >= kMostLeftOut) {
      ++left_out_[std::string(kFurtherLeftOut)].times;
      return;
    }
    LeftOut& field = known == left_out_.end() ? left_out_[path] : known->second;
    if (field.times++ > 0) return;
    field.reason = why_left_out(node.keys->fields(), name);
    if (field.reason.empty())
      field.reason = fmt::format("a record has {} fields at most", kMaxFields);
  }
  void forget_misfits(const Node::Slot& earlier) {
    if (misfits_.empty() || misfits_.size() == kMaxMisfits) return;
    std::erase_if(misfits_, [&](const Misfit& misfit) {
      return misfit.position >= earlier.begin && misfit.position < earlier.end;
    });
  }

  JsonCursor cursor_;
  std::string& scratch_;
  std::vector<Misfit>& misfits_;
  LeftOutFields& left_out_;
};

}  // namespace

struct JsonDecoder::Impl {
  Impl(const Projection& projection, TextArena* texts)
      : root(make_tree(projection, texts, lists, counted)) {
    scratch.reserve(64);  // Column::kReadable
  }

  // Asks DuckDB for the pointers only where a chunk begins.
  void attach(std::span<const duckdb_vector> vectors, idx_t row) {
    bool same = row == next_row;
    for (size_t i = 0; i < vectors.size() && same; ++i) {
      same = root->children[i]->column.vector() == vectors[i];
    }
    next_row = row + 1;
    if (same) return;
    for (size_t i = 0; i < vectors.size(); ++i) root->children[i]->attach(vectors[i]);
    for (Node* list : lists) list->load_size();
  }

  void commit_lists() {
    for (Node* list : lists) {
      if (list->size == list->committed) continue;
      duckdb_list_vector_set_size(list->column.vector(), list->size);
      list->committed = list->size;
    }
  }

  // Whether the record's numbers are of the types for which the projection is.
  bool numbers_match() {
    bool match = true;
    for (Node* node : counted) {
      const bool none = node->numbers == 0;
      match = match && (none ? !node->is_required : node->own_numbers > 0);
      node->numbers = node->own_numbers = 0;
    }
    return match;
  }

  void undo(idx_t row) {
    for (Node* list : lists) list->size = list->committed;
    for (const auto& child : root->children) child->set_null(row);
  }

  std::vector<Node*> lists;
  std::vector<Node*> counted;
  std::unique_ptr<Node> root;
  idx_t next_row = UINT64_MAX;
  JsonTokens tokens;
  std::string scratch;
  std::vector<Misfit> misfits;
  LeftOutFields left_out_here;  // of the record
  LeftOutFields left_out;
};

JsonDecoder::JsonDecoder(const Projection& projection, TextArena* texts)
    : impl_(std::make_unique<Impl>(projection, texts)) {}
JsonDecoder::~JsonDecoder() = default;

DecodeOutcome JsonDecoder::decode(std::string_view json, std::span<const duckdb_vector> vectors,
                                  idx_t row) {
  Impl& impl = *impl_;
  impl.attach(vectors, row);
  impl.misfits.clear();
  impl.left_out_here.clear();
  const bool valid =
      impl.tokens.scan(json) &&
      RecordWalk(impl.tokens, impl.scratch, impl.misfits, impl.left_out_here).root(*impl.root, row);
  const bool numbers_match = impl.counted.empty() || impl.numbers_match();
  if (valid && impl.misfits.empty() && numbers_match) {
    impl.commit_lists();
    if (!impl.left_out_here.empty()) add_left_out(impl.left_out, impl.left_out_here);
    return {};
  }
  impl.undo(row);
  if (valid && impl.misfits.empty()) return {DecodeStatus::kMisfit, "a number of another type"};
  if (valid) return {DecodeStatus::kMisfit, std::move(impl.misfits.front().message)};
  const auto fault = find_json_fault(json);
  return {DecodeStatus::kMalformed, fault ? fault->message() : "the record is not a JSON object"};
}

LeftOutFields JsonDecoder::take_left_out() { return std::exchange(impl_->left_out, {}); }

}  // namespace leat::codec
