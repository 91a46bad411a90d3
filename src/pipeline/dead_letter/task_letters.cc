#include "pipeline/dead_letter/task_letters.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/damage.h"
#include "base/logging.h"

namespace leat::pipeline {
namespace {

constexpr int kVersion = 1;
constexpr size_t kReadAtOnce = 1 << 20;  // bytes

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
    return coded_error(ErrorDomain::kInternal, ErrorCode::kCorrupt, "it is no dead letter: {}",
                       error.what());
  }
}

bool matches(const TaskLetter& letter, const LetterFilter& filter) {
  if (!filter.owner.empty() && letter.task != filter.owner) return false;
  if (!filter.stage.empty() && filter.stage != kTaskStage) return false;
  if (letter.error.find(filter.error) == std::string::npos) return false;
  return filter.names.empty() ||
         std::ranges::find(filter.names, letter.key()) != filter.names.end();
}

Result<TaskLetterOffsets> task_letter_offsets(log::TopicReader& reader, std::string_view prefix,
                                              std::string_view after) {
  TaskLetterOffsets offsets;
  LEAT_ASSIGN(const auto range, reader.offsets({kTaskLettersTopic, 0}));
  for (int64_t offset = range.start; offset < range.end;) {
    LEAT_ASSIGN(const auto fetched, reader.fetch({kTaskLettersTopic, 0}, offset, {}));
    for (const auto& record : fetched.records) {
      if (!record.key || !record.key->starts_with(prefix) || *record.key <= after) continue;
      if (record.value) {
        offsets.insert_or_assign(std::string(*record.key), record.offset);
      } else {
        offsets.erase(std::string(*record.key));
      }
    }
    offset = fetched.next_offset;
  }
  return offsets;
}

Result<std::optional<TaskLetter>> TaskLetterReader::read(const std::string& key, int64_t offset) {
  if (offset < from_ || offset >= fetched_.next_offset) {
    LEAT_ASSIGN(fetched_,
                reader_.fetch({kTaskLettersTopic, 0}, offset, {.max_bytes = kReadAtOnce}));
    from_ = offset;
  }
  const auto found =
      std::ranges::lower_bound(fetched_.records, offset, {}, &log::RecordView::offset);
  std::optional<TaskLetter> none;
  if (found == fetched_.records.end() || found->offset != offset || !found->value) return none;
  auto letter = TaskLetter::from_json(*found->value);
  if (letter.ok()) return std::optional<TaskLetter>(std::move(*letter));
  if (letter.error().code() != ErrorCode::kCorrupt) return std::move(letter).error();
  log_warn("{}: the record with the key {} is passed over: {}{}", kTaskLettersTopic, key,
           letter.error().message(), kRepairHint);
  return none;
}

Result<void> each_task_letter(log::TopicReader& reader, std::string_view prefix,
                              std::string_view after,
                              const std::function<Result<bool>(TaskLetter)>& take) {
  LEAT_ASSIGN(const auto offsets, task_letter_offsets(reader, prefix, after));
  TaskLetterReader letters(reader);
  for (const auto& [key, offset] : offsets) {
    LEAT_ASSIGN(auto letter, letters.read(key, offset));
    if (!letter) continue;
    LEAT_ASSIGN(const bool more, take(*std::move(letter)));
    if (!more) return {};
  }
  return {};
}

}  // namespace leat::pipeline
