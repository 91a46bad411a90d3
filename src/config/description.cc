#include "config/description.h"

namespace leat::config {

DescriptionPtr scalar(ValueKind kind) {
  auto description = std::make_shared<Description>();
  description->kind = kind;
  return description;
}

DescriptionPtr mapping(std::vector<Key> keys, std::string doc, std::string example) {
  auto description = std::make_shared<Description>();
  description->kind = ValueKind::kMapping;
  description->keys = std::move(keys);
  description->doc = std::move(doc);
  description->example = std::move(example);
  return description;
}

DescriptionPtr map_of(DescriptionPtr element) {
  auto description = std::make_shared<Description>();
  description->kind = ValueKind::kMap;
  description->element = std::move(element);
  return description;
}

DescriptionPtr list_of(DescriptionPtr element) {
  auto description = std::make_shared<Description>();
  description->kind = ValueKind::kList;
  description->element = std::move(element);
  return description;
}

DescriptionPtr one_of(std::vector<Key> keys, DescriptionPtr or_else) {
  auto description = std::make_shared<Description>();
  description->kind = ValueKind::kOneOf;
  description->keys = std::move(keys);
  description->element = std::move(or_else);
  return description;
}

}  // namespace leat::config
