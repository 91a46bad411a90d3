#include "pipeline/redrive/stream_discard.h"

#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/epoch/state_store.h"

namespace leat::pipeline {

int64_t count_discarded(const std::map<std::string, int64_t>& letters, StreamProgress& progress) {
  int64_t all = 0;
  for (const auto& [sink, number] : letters) {
    (sink.empty() ? progress.counts.discarded : progress.sinks[sink].discarded) += number;
    all += number;
  }
  return all;
}

Result<int64_t> discard_letters(const LetterFilter& filter, const std::string& because, Micros now,
                                store::Connection& connection) {
  StateStore state(connection);
  LEAT_TRY(connection.begin());
  auto discarded = [&]() -> Result<int64_t> {
    LEAT_ASSIGN(auto progress, state.load_progress(filter.owner));
    if (!progress) return int64_t{0};
    LEAT_ASSIGN(const auto letters, LetterStore(connection).discard(filter, because, now));
    const int64_t number = count_discarded(letters, *progress);
    LEAT_TRY(state.save_progress(filter.owner, *progress));
    LEAT_TRY(connection.commit());
    return number;
  }();
  connection.rollback();
  return discarded;
}

}  // namespace leat::pipeline
