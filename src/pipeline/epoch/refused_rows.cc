#include "pipeline/epoch/refused_rows.h"

#include <algorithm>
#include <utility>

#include "base/secrets.h"

namespace leat::pipeline {

StreamLetter letter_of(const LetterOrigin& origin, const EpochInput::Place& place,
                       const EpochInput::Bytes& bytes, std::string stage, std::string error) {
  return {.stream = origin.stream,
          .sink = {},
          .topic = origin.topic,
          .partition = place.partition,
          .offset = place.offset,
          .row = 0,
          .stage = std::move(stage),
          .error = without_secrets(std::move(error)),
          .key = bytes.key,
          .value = bytes.value,
          .timestamp_ms = place.timestamp_ms,
          .at = origin.now,
          .write_time = origin.write_time};
}

RefusedPlace place_of(const sink::RefusedRow& refused, const store::RowBatch& rows) {
  if (refused.kind == sink::RefusedKind::kDelete) {
    return {.input = rows.deletes[refused.row].input, .row = 0, .is_delete = true};
  }
  const uint32_t input = rows.inputs[refused.row];
  const auto first = std::lower_bound(rows.inputs.begin(), rows.inputs.end(), input);
  return {.input = input, .row = refused.row - (first - rows.inputs.begin())};
}

std::vector<uint32_t> records_of(const sink::Delivery& delivery, const store::RowBatch& rows) {
  std::vector<uint32_t> records;
  for (const auto& refused : delivery.refused) records.push_back(place_of(refused, rows).input);
  std::ranges::sort(records);
  records.erase(std::unique(records.begin(), records.end()), records.end());
  return records;
}

std::vector<StreamLetter> refused_letters(const LetterOrigin& origin, const std::string& sink,
                                          const EpochInput& input,
                                          const std::map<uint32_t, EpochInput::Bytes>& bytes,
                                          const store::RowBatch& rows,
                                          const sink::Delivery& delivery) {
  std::vector<StreamLetter> letters;
  for (const auto& refused : delivery.refused) {
    const auto place = place_of(refused, rows);
    letters.push_back(letter_of(origin, input.records[place.input], bytes.at(place.input), "sink",
                                refused.message));
    letters.back().sink = sink;
    letters.back().row = place.row;
  }
  return letters;
}

}  // namespace leat::pipeline
