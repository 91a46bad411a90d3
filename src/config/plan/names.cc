#include "config/plan/names.h"

#include <algorithm>
#include <cctype>

namespace leat::config {
namespace {

constexpr size_t kMaxName = 100;
constexpr size_t kMaxTopicName = 249;

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::optional<std::string> wrong_with_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxName) return "is longer than 100 characters";
  if (!is_alphanumeric(name[0]) && name[0] != '_') return "must begin with a letter or _";
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) return "begins with a digit";
  const bool good = std::all_of(name.begin(), name.end(),
                                [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
  if (!good) return "may hold letters, digits, _ and - only";
  return std::nullopt;
}

std::optional<std::string> wrong_with_topic_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxTopicName) return "is longer than 249 characters";
  if (name == "." || name == "..") return "is not a name";
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
  });
  if (!good) return "may hold letters, digits, ., _ and - only";
  if (name.starts_with("__") || name == "_schemas") return "is kept for internal topics";
  return std::nullopt;
}

std::optional<std::string> wrong_with_table_name(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return wrong_with_name(name);
  if (name.find('.', dot + 1) != std::string_view::npos) return "has more parts than schema.table";
  if (auto wrong = wrong_with_name(name.substr(0, dot))) return wrong;
  return wrong_with_name(name.substr(dot + 1));
}

}  // namespace leat::config
