#include "pipeline/letters/task_letters.h"

#include <nlohmann/json.hpp>

#include "log/latest_by_key.h"

namespace leat::pipeline {
namespace {

constexpr int kVersion = 1;

// The bytes of a letter may be anything, JSON texts may not: every byte becomes the code point of
// the same number (latin-1), which is reversible.
std::string to_latin1_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return text;
}

std::string from_latin1_text(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80 || i + 1 >= text.size()) {
      bytes += text[i];
    } else {
      bytes +=
          static_cast<char>((byte & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
    }
  }
  return bytes;
}

}  // namespace

std::string TaskLetter::key() const {
  return fmt::format("{}.{}/{}/{}/{}", pipeline, task, run, batch, index);
}

std::string TaskLetter::to_json() const {
  return nlohmann::json{{"version", kVersion},
                        {"pipeline", pipeline},
                        {"task", task},
                        {"run", run},
                        {"batch", batch},
                        {"index", index},
                        {"origin", origin},
                        {"error", error},
                        {"bytes", to_latin1_text(bytes)},
                        {"at", at}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<TaskLetter> TaskLetter::from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("version").get<int>() > kVersion) {
      return user_error("{} was written by a newer Leat; use that one", kTaskLettersTopic);
    }
    return TaskLetter{.pipeline = json.at("pipeline").get<std::string>(),
                      .task = json.at("task").get<std::string>(),
                      .run = json.at("run").get<std::string>(),
                      .batch = json.at("batch").get<int64_t>(),
                      .index = json.at("index").get<int64_t>(),
                      .origin = json.at("origin").get<std::string>(),
                      .error = json.at("error").get<std::string>(),
                      .bytes = from_latin1_text(json.at("bytes").get<std::string>()),
                      .at = json.at("at").get<int64_t>()};
  } catch (const nlohmann::json::exception& error) {
    return internal_error("unreadable record in {}: {}", kTaskLettersTopic, error.what());
  }
}

Result<std::vector<TaskLetter>> read_task_letters(log::TopicReader& reader) {
  LEAT_ASSIGN(const auto records, log::read_latest(reader, kTaskLettersTopic));
  std::vector<TaskLetter> letters;
  letters.reserve(records.size());
  for (const auto& [key, value] : records) {
    LEAT_ASSIGN(auto letter, TaskLetter::from_json(value));
    letters.push_back(std::move(letter));
  }
  return letters;
}

}  // namespace leat::pipeline
