#include "config/node.h"

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"
#include "config/node_data.h"
#include "config/text/scalar_place.h"

namespace leat::config {
namespace {

const std::string kNoText;
const Location kNoLocation;

std::string json_string(const std::string& text) {
  // Values of the environment need not be UTF-8.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write_json(const Node& node, std::string& out) {
  const auto* data = node.data();
  if (data == nullptr || data->shape == Shape::kNull) {
    out += "null";
  } else if (data->shape == Shape::kScalar) {
    const auto& text = data->text;
    const bool token = !data->quoted && (is_json_number(text) || text == "true" || text == "false");
    out += token ? text : json_string(text);
  } else if (data->shape == Shape::kSequence) {
    out += '[';
    for (size_t i = 0; i < data->items.size(); ++i) {
      if (i > 0) out += ',';
      write_json(data->items[i], out);
    }
    out += ']';
  } else {
    out += '{';
    for (size_t i = 0; i < data->entries.size(); ++i) {
      if (i > 0) out += ',';
      out += json_string(data->entries[i].first);
      out += ':';
      write_json(data->entries[i].second, out);
    }
    out += '}';
  }
}

template <class T>
T value_or(const Node::Data* data, T otherwise) {
  if (data == nullptr) return otherwise;
  const T* value = std::get_if<T>(&data->value);
  return value == nullptr ? otherwise : *value;
}

}  // namespace

Node Node::operator[](std::string_view key) const {
  for (const auto& [name, value] : entries()) {
    if (name == key) return value;
  }
  return {};
}

const std::vector<std::pair<std::string, Node>>& Node::entries() const {
  static const std::vector<std::pair<std::string, Node>> none;
  return data_ ? data_->entries : none;
}

const std::vector<Node>& Node::items() const {
  static const std::vector<Node> none;
  return data_ ? data_->items : none;
}

const std::string& Node::text() const { return data_ ? data_->text : kNoText; }
int64_t Node::integer() const { return value_or<int64_t>(data(), 0); }

double Node::number() const {
  if (data_ && std::holds_alternative<int64_t>(data_->value)) return static_cast<double>(integer());
  return value_or<double>(data(), 0);
}

bool Node::boolean() const { return value_or<bool>(data(), false); }

std::chrono::milliseconds Node::duration() const {
  return value_or<std::chrono::milliseconds>(data(), std::chrono::milliseconds(0));
}

uint64_t Node::bytes() const { return value_or<uint64_t>(data(), 0); }

bool Node::is_mapping() const { return data_ && data_->shape == Shape::kMapping; }
bool Node::is_sequence() const { return data_ && data_->shape == Shape::kSequence; }
bool Node::is_text() const { return data_ && data_->shape == Shape::kScalar; }
bool Node::is_null() const { return data_ && data_->shape == Shape::kNull; }

std::string Node::json() const {
  std::string out;
  write_json(*this, out);
  return out;
}

std::string Node::masked_text() const {
  if (data_ && data_->substituted) return data_->substituted->masked;
  return text();
}

const Location& Node::location() const { return data_ ? data_->location : kNoLocation; }

Location Node::location_of(size_t offset) const {
  if (!data_ || !data_->source || data_->shape != Shape::kScalar) return location();
  const auto& substituted = data_->substituted;
  const std::string& written = substituted ? substituted->written : data_->text;
  const size_t in_written = substituted ? substituted->written_offset(offset) : offset;
  return data_->source->location(
      scalar_place(data_->source->text(), data_->start, written, in_written));
}

Node make_scalar(std::string text, Location location) {
  auto data = std::make_shared<Node::Data>();
  data->shape = Shape::kScalar;
  data->text = std::move(text);
  data->location = std::move(location);
  return Node(std::move(data));
}

}  // namespace leat::config
