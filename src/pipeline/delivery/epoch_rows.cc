#include "pipeline/delivery/epoch_rows.h"

#include <algorithm>
#include <utility>

#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/redrive/letter_batch.h"
#include "stream/execute/output_rows.h"

namespace leat::pipeline {

Result<EpochPreparer*> EpochRowsAgain::preparer() {
  if (!preparer_) {
    LEAT_ASSIGN(preparer_, make_());
  }
  return preparer_.get();
}

Result<std::map<uint32_t, EpochInput::Bytes>> EpochRowsAgain::bytes_of(
    const EpochInput& input, std::span<const uint32_t> records) {
  LEAT_ASSIGN(EpochPreparer * preparing, preparer());
  return preparing->bytes_of(input, records);
}

Result<EpochRows> EpochRowsAgain::of(const std::string& stream, const OutboxEntry& entry,
                                     store::Connection& connection) {
  if (entry.redriven) return of_letters(stream, entry, connection);
  LEAT_ASSIGN(EpochPreparer * preparing, preparer());
  const auto types = std::make_shared<const codec::TopicSchema>(entry.types);
  LEAT_ASSIGN(auto epoch, preparing->range(entry.from, entry.to, types, entry.now));
  return EpochRows{.input = std::move(epoch.input), .rows = std::move(epoch.result.rows)};
}

// A letter of the target's own stands for one row of its record: the others have arrived.
Result<EpochRows> EpochRowsAgain::of_letters(const std::string& stream, const OutboxEntry& entry,
                                             store::Connection& connection) {
  LEAT_ASSIGN(auto letters, LetterStore(connection).redriven(stream, entry.epoch));
  std::erase_if(letters, [&](const StreamLetter& letter) {
    return !letter.sink.empty() && letter.sink != entry.sink;
  });
  EpochRows made;
  const auto originals = letters;
  for (uint32_t i = 0; i < letters.size(); ++i) {
    if (letters[i].sink.empty()) continue;
    made.only_row[i] = letters[i].row;
    letters[i].sink.clear();
  }
  LetterBatch batch(std::move(letters));
  const auto records = batch.own_records();
  made.input = {.from = batch.from(),
                .types = std::make_shared<const codec::TopicSchema>(entry.types)};
  LEAT_ASSIGN(EpochPreparer * preparing, preparer());
  LEAT_ASSIGN(auto result, preparing->execute(made.input, records, entry.now));
  batch.add_own_places(made.input);
  made.rows = std::move(result.rows);
  if (made.only_row.empty()) return made;

  std::map<uint32_t, bool> found;
  for (const auto& [input, row] : made.only_row) found[input] = false;
  std::vector<uint32_t> wanted;
  int64_t number = 0;
  for (uint32_t row = 0; row < made.rows.inputs.size(); ++row) {
    const uint32_t input = made.rows.inputs[row];
    number = row > 0 && made.rows.inputs[row - 1] == input ? number + 1 : 0;
    const auto only = made.only_row.find(input);
    if (only != made.only_row.end() && only->second != number) continue;
    if (only != made.only_row.end()) found[input] = true;
    wanted.push_back(row);
  }
  for (const auto& removed : made.rows.deletes) {
    if (const auto place = found.find(removed.input); place != found.end()) place->second = true;
  }
  if (wanted.size() < made.rows.inputs.size()) stream::keep_rows(made.rows, wanted);
  for (const auto& failed : result.failed) {
    const auto place = found.find(failed.input);
    if (place == found.end()) continue;
    place->second = true;
    made.failed.push_back(originals[failed.input]);
    made.failed.back().error = failed.message;
    made.failed.back().stage = failed.stage;
  }
  made.left_out = std::ranges::count_if(found, [](const auto& each) { return !each.second; });
  return made;
}

}  // namespace leat::pipeline
