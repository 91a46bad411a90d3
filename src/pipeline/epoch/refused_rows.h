// Dead letters of an epoch: records that failed, and rows that a target refused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/epoch/epoch_input.h"
#include "sink/sink.h"
#include "store/rows.h"

namespace leat::pipeline {

// What the letters of one epoch have in common.
struct LetterOrigin {
  std::string stream;
  std::string topic;
  Micros now = 0;
  Micros write_time = 0;
};

StreamLetter letter_of(const LetterOrigin& origin, const EpochInput::Place& place,
                       const EpochInput::Bytes& bytes, std::string stage, std::string error);

// A row that a target refused: the record that it is of, and its number among that one's rows.
struct RefusedPlace {
  uint32_t input = 0;
  int64_t row = 0;
  bool is_delete = false;
};
RefusedPlace place_of(const sink::RefusedRow& refused, const store::RowBatch& rows);

// The records of what was refused, ascending, each once.
std::vector<uint32_t> records_of(const sink::Delivery& delivery, const store::RowBatch& rows);

// `bytes`: of records_of().
std::vector<StreamLetter> refused_letters(const LetterOrigin& origin, const std::string& sink,
                                          const EpochInput& input,
                                          const std::map<uint32_t, EpochInput::Bytes>& bytes,
                                          const store::RowBatch& rows,
                                          const sink::Delivery& delivery);

}  // namespace leat::pipeline
