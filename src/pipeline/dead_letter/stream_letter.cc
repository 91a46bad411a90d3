#include "pipeline/dead_letter/stream_letter.h"

#include <fmt/format.h>

#include <charconv>

namespace leat::pipeline {
namespace {

template <class Number>
bool parsed(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Takes what stands before the separator off the text.
std::optional<std::string_view> taken(std::string_view& text, char separator, bool last) {
  const size_t at = last ? text.rfind(separator) : text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + 1);
  return before;
}

}  // namespace

std::string StreamLetter::name() const {
  std::string text = fmt::format("{}/{}-{}@{}", stream, topic, partition, offset);
  if (!sink.empty()) text += fmt::format("/{}/{}", sink, row);
  return text;
}

// A stream and a topic have no slash in their names, a sink may.
std::optional<StreamLetter> StreamLetter::of_name(std::string_view name) {
  StreamLetter letter;
  const auto its_stream = taken(name, '/', false);
  if (!its_stream) return std::nullopt;
  letter.stream = *its_stream;
  std::string_view place = name;
  if (const auto before = taken(name, '/', false)) {
    place = *before;
    const auto its_sink = taken(name, '/', true);
    if (!its_sink || !parsed(name, letter.row)) return std::nullopt;
    letter.sink = *its_sink;
  }
  const auto its_topic = taken(place, '-', true);
  if (!its_topic) return std::nullopt;
  letter.topic = *its_topic;
  const auto its_partition = taken(place, '@', false);
  if (!its_partition || !parsed(*its_partition, letter.partition)) return std::nullopt;
  if (!parsed(place, letter.offset)) return std::nullopt;
  return letter;
}

}  // namespace leat::pipeline
