#include "sink/hdfs/part_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace leat::sink {
namespace {

constexpr std::string_view kPrefix = "part-";
constexpr std::string_view kSuffix = ".parquet";

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '.' || c == '_' || c == '-') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16);
    if (error != std::errc() || end != &text[i + 1] + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

bool read_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string PartName::to_string() const {
  return fmt::format("{}{:012}-{:012}+{}+{}+{}{}", kPrefix, from, to, escaped(pipeline),
                     escaped(stream), store_id, kSuffix);
}

bool fits_part_names(const std::string& pipeline, const std::string& stream) {
  constexpr size_t kMaxFileName = 255;  // NAME_MAX
  constexpr size_t kEndingOfUnfinished = 10;
  const PartName longest{
      .pipeline = pipeline, .stream = stream, .store_id = std::string(36, 'f')};  // a UUID
  return longest.to_string().size() + kEndingOfUnfinished <= kMaxFileName;
}

std::optional<PartName> PartName::parse(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('+', start), name.size());
    parts.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  if (parts.size() != 4) return std::nullopt;
  const size_t dash = parts[0].find('-');
  PartName part;
  if (dash == std::string_view::npos || !read_number(parts[0].substr(0, dash), part.from) ||
      !read_number(parts[0].substr(dash + 1), part.to) || part.from > part.to) {
    return std::nullopt;
  }
  const auto pipeline = unescaped(parts[1]);
  const auto stream = unescaped(parts[2]);
  if (!pipeline || !stream) return std::nullopt;
  part.pipeline = *pipeline;
  part.stream = *stream;
  part.store_id = parts[3];
  return part;
}

}  // namespace leat::sink
