#include "codec/json_records/object_keys.h"

#include <algorithm>

#include "base/text/lower_case.h"
#include "codec/json/string.h"

namespace leat::codec {
namespace {

// Objects that are maps have a new key in every record: those are not remembered for ever.
constexpr size_t kMaxKnown = 4096;
constexpr size_t kMaxKnownLength = 256;

}  // namespace

ObjectKeys::ObjectKeys(std::vector<Field> fields, bool tells_new, bool whole,
                       std::vector<std::string> unseen)
    : fields_(std::move(fields)), unseen_(std::move(unseen)), tells_new_(tells_new), whole_(whole) {
  for (uint32_t i = 0; i < fields_.size(); ++i) by_name_.emplace(fields_[i].name, i);
  // A quote cannot stand in the content of a key.
  known_.push_back({.raw = "\"", .first = '"'});
  known_.front().followed_by = last_ = &known_.front();
}

uint32_t ObjectKeys::look_up(std::string_view raw) {
  if (const auto found = by_raw_.find(raw); found != by_raw_.end()) {
    last_ = last_->followed_by = found->second;
    return last_->field;
  }
  const uint32_t field = classify(raw);
  if (field == kNew || field == kInvalid) return field;
  if (known_.size() < kMaxKnown && raw.size() <= kMaxKnownLength) {
    Known& known = known_.emplace_back(
        Known{.raw = std::string(raw), .first = first_bytes(raw), .field = field});
    known.followed_by = &known_.front();
    by_raw_.emplace(raw, &known);
    last_ = last_->followed_by = &known;
  }
  return field;
}

uint32_t ObjectKeys::classify(std::string_view raw) const {
  std::string name;
  if (!append_unescaped(name, raw)) return kInvalid;
  const bool is_first = std::ranges::any_of(
      unseen_, [&](const std::string& field) { return same_in_lower_case(field, name); });
  if (is_first) return kNew;
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  if (tells_new_ && takes_new_field(fields_, name)) return kNew;
  return whole_ || same_name_in_duckdb(fields_, name) ? kLeftOut : kOther;
}

}  // namespace leat::codec
