#include "pipeline/ingest/record_key.h"

#include <nlohmann/json.hpp>

namespace leat::pipeline {

Result<RecordKey> RecordKey::parse(const std::vector<std::string>& paths) {
  RecordKey key;
  for (const auto& path : paths) {
    LEAT_ASSIGN(auto parsed, codec::JsonPath::parse(path));
    key.paths_.push_back(std::move(parsed));
  }
  return key;
}

Result<std::string> RecordKey::of(std::string_view json) const {
  std::vector<std::string> texts;
  for (const auto& path : paths_) {
    LEAT_ASSIGN(auto text, codec::select_text(path, json));
    if (!text) return user_error("the record has no `{}`, which is its key", path.text());
    texts.push_back(std::move(*text));
  }
  if (texts.size() == 1) return std::move(texts.front());
  return nlohmann::json(texts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace leat::pipeline
