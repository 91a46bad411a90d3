// The rows of a committed epoch that an outside target is to get: as they were computed for the
// epoch, or computed again from what the outbox says of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/dead_letter/stream_letter.h"
#include "pipeline/epoch/epoch_preparer.h"
#include "pipeline/epoch/outbox.h"
#include "store/database.h"

namespace leat::pipeline {

struct EpochRows {
  EpochInput input;
  store::RowBatch rows;
  // Of letters that are run again, by input: the number of the row that the target had refused, and
  // which alone it is to get. None: the whole record.
  std::map<uint32_t, int64_t> only_row = {};
  // Letters of the target whose records give that row no longer: with the error, they are letters
  // again; without one the query leaves the row out now.
  std::vector<StreamLetter> failed = {};
  int64_t left_out = 0;
};

// Computes them again, on a connection of its own. One thread at a time.
class EpochRowsAgain {
 public:
  using MakePreparer = std::function<Result<std::unique_ptr<EpochPreparer>>()>;
  explicit EpochRowsAgain(MakePreparer make) : make_(std::move(make)) {}

  // `connection` reads the letters of the entry.
  Result<EpochRows> of(const std::string& stream, const OutboxEntry& entry,
                       store::Connection& connection);
  // EpochReader::bytes_of().
  Result<std::map<uint32_t, EpochInput::Bytes>> bytes_of(const EpochInput& input,
                                                         std::span<const uint32_t> records);
  // After an error: begins anew.
  void forget() { preparer_.reset(); }

 private:
  Result<EpochRows> of_letters(const std::string& stream, const OutboxEntry& entry,
                               store::Connection& connection);
  Result<EpochPreparer*> preparer();

  MakePreparer make_;
  std::unique_ptr<EpochPreparer> preparer_;  // made when it is needed: it has a connection
};

}  // namespace leat::pipeline
