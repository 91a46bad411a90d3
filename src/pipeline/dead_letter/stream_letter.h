// A record of a stream, or a row that a target refused, which failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace leat::pipeline {

// Identity: stream, topic, partition, offset, row, sink; letters are listed in this order.
struct StreamLetter {
  std::string stream;
  std::string sink;  // empty: the record failed before any sink
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t row = 0;    // number of the row among those of its record
  std::string stage;  // decode, query, sink
  std::string error;
  std::optional<std::string> key;
  std::optional<std::string> value;  // the record's bytes
  int64_t timestamp_ms = 0;          // of the record
  Micros at = 0;                     // when it failed
  Micros write_time = 0;             // of the epoch in which its record was read
  int64_t row_id = -1;               // where it is stored, within the transaction that read it

  // "stream/topic-partition@offset", and of a target's "/sink/row" behind that.
  std::string name() const;
  // The identity that such a name gives; nothing else of the letter is set.
  static std::optional<StreamLetter> of_name(std::string_view name);
};

// Which letters are meant. What is empty matches all.
struct LetterFilter {
  std::string owner = {};  // name of the task or stream
  std::string stage = {};
  std::string error = {};               // a part of it
  std::vector<std::string> names = {};  // of the letters themselves
};

// How many letters are taken at once; one is, of whatever size.
struct LetterLimits {
  size_t letters = 1000;
  size_t bytes = 8 << 20;
};

}  // namespace leat::pipeline
