// What a topic is, apart from its name (KIP-516): one that is deleted and made again under the same
// name is another one. Whoever keeps offsets keeps them by this.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat::log {

// A random UUID, made with the topic.
struct TopicId {
  std::array<uint8_t, 16> bytes{};  // in network order; all zero: none

  static TopicId random();
  // Of what to_string() gives; none of another text.
  static std::optional<TopicId> parse(std::string_view text);

  bool is_zero() const { return *this == TopicId{}; }
  // As Kafka's tools show it: base64 with - and _, 22 characters. Never begins with a dash.
  std::string to_string() const;
  auto operator<=>(const TopicId&) const = default;
};

}  // namespace leat::log
