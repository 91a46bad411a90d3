#include "log/topic_id.h"

#include <charconv>

#include "base/uuid.h"

namespace leat::log {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t kTextSize = 22;  // of six bits each, the last one of two
constexpr unsigned kDigitBits = 6;
constexpr unsigned kByteBits = 8;

}  // namespace

TopicId TopicId::random() {
  TopicId id;
  do {
    std::string digits;
    for (const char c : random_uuid()) {
      if (c != '-') digits += c;
    }
    for (size_t i = 0; i < id.bytes.size(); ++i) {
      const char* const at = digits.data() + 2 * i;
      std::from_chars(at, at + 2, id.bytes[i], 16);
    }
    // Command lines would take it for an option.
  } while (id.to_string().starts_with('-'));
  return id;
}

std::string TopicId::to_string() const {
  std::string text;
  uint32_t rest = 0;
  unsigned bits = 0;
  for (const uint8_t byte : bytes) {
    rest = rest << kByteBits | byte;
    for (bits += kByteBits; bits >= kDigitBits; bits -= kDigitBits) {
      text += kDigits[rest >> (bits - kDigitBits) & 0x3f];
    }
  }
  text += kDigits[rest << (kDigitBits - bits) & 0x3f];
  return text;
}

std::optional<TopicId> TopicId::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  TopicId id;
  uint32_t rest = 0;
  unsigned bits = 0;
  size_t count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    rest = rest << kDigitBits | static_cast<uint32_t>(digit);
    bits += kDigitBits;
    if (bits < kByteBits || count == id.bytes.size()) continue;
    bits -= kByteBits;
    id.bytes[count++] = static_cast<uint8_t>(rest >> bits);
  }
  if (id.to_string() != text) return std::nullopt;  // one id, one text
  return id;
}

}  // namespace leat::log
