#include "codec/json_records/node.h"

#include <algorithm>
#include <span>

namespace leat::codec {
namespace {

std::string_view without_text_suffix(std::string_view name) {
  while (name.ends_with(kTextSuffix)) name.remove_suffix(kTextSuffix.size());
  return name;
}

struct TreeMaker {
  std::span<const std::string> whole_paths;
  std::span<const std::string> unseen_paths;
  std::span<const std::string> required_paths;
  TextArena* texts;
  std::vector<Node*>& lists;
  std::vector<Node*>& counted;

  std::unique_ptr<Node> make(const Type& type, const std::string& path, bool whole, bool root) {
    auto node = std::make_unique<Node>();
    node->kind = type.kind;
    node->path = path;
    node->column.keep_texts_in(texts);
    node->is_required = std::ranges::find(required_paths, path) != required_paths.end();
    node->is_counted = node->is_required || type.kind == TypeKind::kNumberHugeint ||
                       type.kind == TypeKind::kNumberDouble;
    if (node->is_counted) counted.push_back(node.get());
    // What is taken whole is taken with all that is in it.
    whole = whole || std::ranges::find(whole_paths, path) != whole_paths.end();
    if (type.kind == TypeKind::kList) {
      lists.push_back(node.get());
      node->children.push_back(make(type.element.front(), path + "[]", whole, false));
    } else if (type.kind == TypeKind::kStruct) {
      add_fields(*node, type, whole, root);
    } else if (type.kind == TypeKind::kCastText) {
      node->shape = type.element.front();
    }
    return node;
  }

  void add_fields(Node& node, const Type& type, bool whole, bool root) {
    std::vector<Field> keys;
    std::vector<std::string> unseen;
    for (const Field& field : type.fields) {
      const std::string key(without_text_suffix(field.name));
      const std::string path = member_path(node.path, key);
      if (std::ranges::find(unseen_paths, path) != unseen_paths.end()) unseen.push_back(key);
      // A copy holds some parts only, whose names are known from the field itself.
      const bool is_copy = key.size() < field.name.size();
      node.children.push_back(is_copy ? TreeMaker{{}, {}, {}, texts, lists, counted}.make(
                                            field.type, path, false, false)
                                      : make(field.type, path, whole, false));
      const auto known = std::ranges::find(keys, key, &Field::name);
      const auto index = static_cast<size_t>(known - keys.begin());
      if (known == keys.end()) {
        keys.push_back({key, {}});
        node.slots.emplace_back();
      }
      Node::Slot& slot = node.slots[index];
      Node* const child = node.children.back().get();
      if (is_copy) {
        slot.copies.push_back(child);
      } else {
        slot.value = child;
      }
    }
    const bool full = root && type.fields.size() >= kMaxFields;  // infer_json() adds no more
    // An empty struct below the root is all that was seen of an object: any key is new.
    const bool tells_new = (whole && !full) || (!root && type.fields.empty());
    node.keys.emplace(std::move(keys), tells_new, whole, std::move(unseen));
  }
};

}  // namespace

void Node::attach(duckdb_vector vector) {
  column.attach(vector);
  if (kind == TypeKind::kList) {
    children.front()->attach(duckdb_list_vector_get_child(vector));
  } else if (is_struct()) {
    for (idx_t i = 0; i < children.size(); ++i) {
      children[i]->attach(duckdb_struct_vector_get_child(vector, i));
    }
  }
}

void Node::load_size() {
  size = committed = duckdb_list_vector_get_size(column.vector());
  capacity = size;  // what DuckDB has beyond that cannot be asked for; reserving it again is free
}

void Node::grow() {
  capacity = std::max<idx_t>(duckdb_vector_size(), 2 * capacity);
  duckdb_list_vector_reserve(column.vector(), capacity);
  children.front()->attach(duckdb_list_vector_get_child(column.vector()));
}

void Node::set_null(idx_t row) {
  column.set_null(row);
  if (kind == TypeKind::kStruct) {
    for (const auto& child : children) child->set_null(row);
  }
}

std::unique_ptr<Node> make_tree(const Projection& projection, TextArena* texts,
                                std::vector<Node*>& lists, std::vector<Node*>& counted) {
  return TreeMaker{projection.whole, projection.unseen, projection.required, texts, lists, counted}
      .make(projection.root, "", false, true);
}

}  // namespace leat::codec
