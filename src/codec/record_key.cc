#include "codec/record_key.h"

#include <nlohmann/json.hpp>

#include "codec/json_select.h"

namespace leat::codec {
namespace {

Result<std::string_view> part_of(const JsonPath& path, std::string_view json,
                                 std::string& unescaped) {
  LEAT_ASSIGN(const auto text, select_text(path, json, unescaped));
  if (!text) return user_error("the record has no `{}`, which is its key", path.text());
  return *text;
}

}  // namespace

Result<RecordKey> RecordKey::parse(const std::vector<std::string>& paths) {
  RecordKey key;
  for (const auto& path : paths) {
    LEAT_ASSIGN(auto parsed, JsonPath::parse(path));
    key.paths_.push_back(std::move(parsed));
  }
  return key;
}

Result<std::string_view> RecordKey::of(std::string_view json, std::string& made) const {
  if (paths_.size() == 1) return part_of(paths_.front(), json, made);
  nlohmann::json texts = nlohmann::json::array();
  for (const auto& path : paths_) {
    LEAT_ASSIGN(const auto text, part_of(path, json, made));
    texts.push_back(text);
  }
  made = texts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return std::string_view(made);
}

}  // namespace leat::codec
