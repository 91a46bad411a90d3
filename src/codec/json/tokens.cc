#include "codec/json/tokens.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace leat::codec {
namespace {

constexpr size_t kSmallCapacity = 64 << 10;
constexpr size_t kKeptCapacity = 16 << 20;

}  // namespace

struct JsonTokens::Stage {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;

  bool reserve(size_t bytes) {
    if (bytes <= capacity && (capacity <= kKeptCapacity || bytes > kKeptCapacity)) return true;
    if (bytes > simdjson::SIMDJSON_MAXSIZE_BYTES) return false;
    const size_t wanted =
        std::max(kSmallCapacity, bytes > kKeptCapacity ? bytes : std::bit_ceil(bytes));
    capacity = 0;
    if (!parser && simdjson::get_active_implementation()->create_dom_parser_implementation(
                       wanted, 1, parser) != simdjson::SUCCESS) {
      return false;
    }
    if (parser->set_capacity(wanted) != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }
};

JsonTokens::JsonTokens() : stage_(std::make_unique<Stage>()) {}
JsonTokens::~JsonTokens() = default;

bool JsonTokens::scan(std::string_view json) {
  text_ = json;
  begin_ = end_ = nullptr;
  if (json.empty() || !stage_->reserve(json.size())) return false;
  auto& parser = *stage_->parser;
  const auto* bytes = reinterpret_cast<const uint8_t*>(json.data());
  if (parser.stage1(bytes, json.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    return false;
  }
  begin_ = parser.structural_indexes.get();
  end_ = begin_ + parser.n_structural_indexes;
  has_escapes_ = std::memchr(json.data(), '\\', json.size()) != nullptr;
  return true;
}

}  // namespace leat::codec
