// For tests: the letters that are stored.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "pipeline/dead_letter/letter_store.h"

namespace leat::pipeline::test {

// All that are there, in their order.
inline std::vector<StreamLetter> all_letters(store::Connection& connection) {
  EXPECT_TRUE(connection.begin().ok());
  auto letters = LetterStore(connection).select({}, std::nullopt, {.letters = 100'000});
  connection.rollback();
  EXPECT_TRUE(letters.ok()) << letters.error().to_string();
  return letters.ok() ? *std::move(letters) : std::vector<StreamLetter>();
}

}  // namespace leat::pipeline::test
