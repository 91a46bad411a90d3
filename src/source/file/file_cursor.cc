#include "source/file/file_cursor.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace leat::source {
namespace {

constexpr uint64_t kSampleBytes = 4096;

Result<uint32_t> checksum(const File& file, uint64_t offset, uint64_t size) {
  std::array<std::byte, kSampleBytes> sample;
  LEAT_ASSIGN(const size_t got, file.read_at(offset, {sample.data(), static_cast<size_t>(size)}));
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(sample.data()), static_cast<uInt>(got)));
}

}  // namespace

Result<Fingerprint> fingerprint_of(const File& file, uint64_t size) {
  const uint64_t sample = std::min(size, kSampleBytes);
  Fingerprint fingerprint{.size = size};
  LEAT_ASSIGN(fingerprint.head, checksum(file, 0, sample));
  LEAT_ASSIGN(fingerprint.tail, checksum(file, size - sample, sample));
  return fingerprint;
}

std::string text_of(const FileCursor& cursor) {
  const nlohmann::ordered_json json{
      {"v", 1},
      {"file", cursor.file},
      {"byte", cursor.at.byte},
      {"line", cursor.at.line},
      {"record", cursor.at.record},
      {"size", cursor.fingerprint.size},
      {"head", cursor.fingerprint.head},
      {"tail", cursor.fingerprint.tail},
  };
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<FileCursor> file_cursor_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("v") || json["v"] != 1 || !json.contains("file") ||
      !json["file"].is_string()) {
    return internal_error("not a cursor of a file source, or of another version of Leat: {}", text);
  }
  const auto whole = [&json](const char* name) {
    return json.contains(name) && json[name].is_number_unsigned() ? json[name].get<uint64_t>() : 0;
  };
  return FileCursor{.file = json["file"].get<std::string>(),
                    .at = {.byte = whole("byte"), .line = whole("line"), .record = whole("record")},
                    .fingerprint = {.size = whole("size"),
                                    .head = static_cast<uint32_t>(whole("head")),
                                    .tail = static_cast<uint32_t>(whole("tail"))}};
}

}  // namespace leat::source
