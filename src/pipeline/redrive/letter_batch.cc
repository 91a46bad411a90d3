#include "pipeline/redrive/letter_batch.h"

#include <algorithm>

#include "log/topic_io.h"

namespace leat::pipeline {

LetterBatch::LetterBatch(std::vector<StreamLetter> letters, const std::vector<std::string>& outside)
    : letters_(std::move(letters)),
      problems_(letters_.size()),
      stages_(letters_.size()),
      bytes_(letters_.size()) {
  for (const auto& letter : letters_) {
    outside_.push_back(std::ranges::find(outside, letter.sink) != outside.end());
  }
}

void LetterBatch::fail(size_t letter, const std::string& problem, const std::string& stage) {
  if (failed(letter)) return;
  problems_[letter] = problem;
  stages_[letter] = stage;
}

template <class Action>
void LetterBatch::each_open(Action action) const {
  for (size_t i = 0; i < letters_.size(); ++i) {
    if (!failed(i)) action(i);
  }
}

template <class Action>
void LetterBatch::each_of_tables(Action action) const {
  each_open([&](size_t i) {
    if (!outside_[i]) action(i);
  });
}

size_t LetterBatch::open() const {
  return static_cast<size_t>(
      std::ranges::count_if(problems_, [](const auto& problem) { return !problem; }));
}

std::vector<StreamLetter> LetterBatch::failed_again(Micros now) const {
  std::vector<StreamLetter> found;
  for (size_t i = 0; i < letters_.size(); ++i) {
    if (!failed(i)) continue;
    found.push_back(letters_[i]);
    found.back().error = *problems_[i];
    if (!stages_[i].empty()) found.back().stage = stages_[i];
    found.back().at = now;
  }
  return found;
}

std::vector<StreamLetter> LetterBatch::succeeded() const {
  std::vector<StreamLetter> found;
  each_open([&](size_t i) { found.push_back(letters_[i]); });
  return found;
}

stream::InputRecord LetterBatch::record_of(size_t index) {
  const auto& letter = letters_[index];
  if (!bytes_[index]) {
    Bytes bytes{.key = letter.key.value_or(""), .value = letter.value.value_or("")};
    bytes.value.append(log::FetchedRecords::kReadablePadding, '\0');
    bytes_[index] = std::make_shared<const Bytes>(std::move(bytes));
  }
  stream::InputRecord record{.partition = letter.partition,
                             .offset = letter.offset,
                             .timestamp_ms = letter.timestamp_ms,
                             .key = std::nullopt,
                             .value = std::nullopt};
  if (letter.key) record.key = std::string_view(bytes_[index]->key);
  if (letter.value) {
    record.value = std::string_view(bytes_[index]->value).substr(0, letter.value->size());
  }
  return record;
}

RecordSlice LetterBatch::own_records() {
  RecordSlice records;
  own_.clear();
  each_open([&](size_t i) {
    if (!letters_[i].sink.empty()) return;
    own_.push_back(i);
    records.records.push_back(record_of(i));
    records.memory.push_back(bytes_[i]);
  });
  return records;
}

void LetterBatch::add_own_places(EpochInput& input) const {
  for (const size_t index : own_) {
    const auto& letter = letters_[index];
    input.kept[static_cast<uint32_t>(input.records.size())] = {.key = letter.key,
                                                               .value = letter.value};
    input.records.push_back({.partition = letter.partition,
                             .offset = letter.offset,
                             .timestamp_ms = letter.timestamp_ms});
  }
}

bool LetterBatch::Later::takes(const stream::InputRecord& record) const {
  return !keys || (record.key && keys->contains(*record.key));
}

std::map<int32_t, LetterBatch::Later> LetterBatch::later(bool keys_agree) const {
  std::map<int32_t, Later> parts;
  each_of_tables([&](size_t i) {
    const auto& letter = letters_[i];
    const auto [place, is_new] = parts.try_emplace(letter.partition);
    auto& part = place->second;
    if (is_new) part = {.from = letter.offset + 1, .keys = std::set<std::string, std::less<>>()};
    part.from = std::min(part.from, letter.offset + 1);
    // Where a row's key is not the record's, any later record may have written the row.
    if (!keys_agree || !letter.key) part.keys.reset();
    if (part.keys) part.keys->insert(*letter.key);
  });
  return parts;
}

RecordSlice LetterBatch::keyed_records(const RecordSlice& later) {
  std::map<std::pair<int32_t, int64_t>, KeyedInput> inputs;
  RecordSlice records{.records = {}, .memory = later.memory};
  each_of_tables([&](size_t i) {
    auto& input = inputs[{letters_[i].partition, letters_[i].offset}];
    if (input.letters.empty()) {
      input.record = record_of(i);
      records.memory.push_back(bytes_[i]);
    }
    input.letters.push_back(i);
  });
  const bool some = !inputs.empty();
  for (const auto& record : later.records) {
    if (some) inputs.try_emplace({record.partition, record.offset}, KeyedInput{record, {}});
  }
  keyed_.clear();
  for (auto& [place, input] : inputs) {
    records.records.push_back(input.record);
    keyed_.push_back(std::move(input));
  }
  return records;
}

void LetterBatch::fail_before(uint32_t keyed_input, const std::string& topic,
                              const std::string& problem, bool keys_agree) {
  const auto& later = keyed_[keyed_input].record;
  const std::string why = fmt::format(
      "{}-{}@{}, which came later and may have written its row, fails with this query: {}", topic,
      later.partition, later.offset, problem);
  for (size_t i = 0; i < letters_.size(); ++i) {
    const auto& letter = letters_[i];
    if (failed(i) || outside_[i] || letter.partition != later.partition ||
        letter.offset > later.offset)
      continue;
    if (keys_agree && letter.key && letter.key != later.key) continue;
    fail(i, why);
  }
}

Offsets LetterBatch::from() const {
  Offsets offsets;
  each_of_tables([&](size_t i) {
    const auto place = offsets.try_emplace(letters_[i].partition, letters_[i].offset).first;
    place->second = std::min(place->second, letters_[i].offset);
  });
  return offsets;
}

}  // namespace leat::pipeline
