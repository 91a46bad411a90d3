// Dead letters of one stream that are run again together, and what they are run as.
//
// A redriven record must not overwrite a row that a later record of its partition wrote. Keyed
// tables therefore get the records of the letters together with the later ones that may have their
// keys, in the order of their offsets: the reduction to the last row per key leaves the newer row
// in place, and writing a later record's row a second time changes nothing. Other targets get the
// rows of the letters alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/epoch/epoch_input.h"
#include "stream/query.h"

namespace leat::pipeline {

// Letters are named by their index. Not thread-safe.
class LetterBatch {
 public:
  // Letters of the targets `outside` take no part in what tables get.
  explicit LetterBatch(std::vector<StreamLetter> letters,
                       const std::vector<std::string>& outside = {});

  const std::vector<StreamLetter>& letters() const { return letters_; }
  bool is_outside(size_t letter) const { return outside_[letter]; }

  // The letter stays one, for this reason; the first one that is given counts.
  // `stage`: in which it fails now; empty: as before.
  void fail(size_t letter, const std::string& problem, const std::string& stage = {});
  bool failed(size_t letter) const { return problems_[letter].has_value(); }
  size_t open() const;                                       // how many have not failed
  std::vector<StreamLetter> failed_again(Micros now) const;  // with the new error and time
  std::vector<StreamLetter> succeeded() const;

  // The letters of whole records that have not failed; input i is of the letter own_letter(i).
  RecordSlice own_records();
  size_t own_letter(uint32_t input) const { return own_[input]; }
  // The places and bytes of own_records().
  void add_own_places(EpochInput& input) const;

  // The records behind letters which have not failed that can have written their rows: by
  // partition, where they begin, and the keys that they have (none: any).
  struct Later {
    int64_t from = 0;
    std::optional<std::set<std::string, std::less<>>> keys;
    bool takes(const stream::InputRecord& record) const;
  };
  std::map<int32_t, Later> later(bool keys_agree) const;

  // The records of all letters of tables that have not failed, with the later ones, by their
  // places.
  RecordSlice keyed_records(const RecordSlice& later);
  // The letters of an input of these; none: it is a later record.
  const std::vector<size_t>& keyed_letters(uint32_t input) const { return keyed_[input].letters; }
  // Fails the letters that would come after the row of a later record which fails itself.
  void fail_before(uint32_t keyed_input, const std::string& topic, const std::string& problem,
                   bool keys_agree);

  // Of the letters that have not failed and are not outside: the first offset of each partition.
  Offsets from() const;

 private:
  struct Bytes {
    std::string key;
    std::string value;  // with the padding that decoding needs
  };
  struct KeyedInput {
    stream::InputRecord record;
    std::vector<size_t> letters;
  };
  stream::InputRecord record_of(size_t letter);
  template <class Action>
  void each_open(Action action) const;
  template <class Action>
  void each_of_tables(Action action) const;

  std::vector<StreamLetter> letters_;
  std::vector<bool> outside_;
  std::vector<std::optional<std::string>> problems_;
  std::vector<std::string> stages_;  // of the problems; empty: that of the letter
  std::vector<std::shared_ptr<const Bytes>> bytes_;
  std::vector<size_t> own_;
  std::vector<KeyedInput> keyed_;
};

}  // namespace leat::pipeline
