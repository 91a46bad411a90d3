#include "source/http/paginate/page_history.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace leat::source {
namespace {

PageMark page(uint64_t number) { return {.request = 1000 + number, .content = 2000 + number}; }

TEST(PageHistory, KnowsTheLastPagesByTheirNumbers) {
  PageHistory history;
  for (uint64_t number = 1; number <= 40; ++number) history.add(page(number));
  EXPECT_EQ(history.pages(), 40);
  EXPECT_EQ(history.page_asked(1040), 40);
  EXPECT_EQ(history.page_with(2025), 25);
  EXPECT_EQ(history.page_asked(1024), std::nullopt);
  EXPECT_EQ(history.page_asked(1032), 32);
  EXPECT_EQ(history.page_with(0), std::nullopt);
}

// Any circle is noticed, however long it is and wherever it begins, with a cursor in between.
TEST(PageHistory, EveryCircleIsNoticed) {
  for (uint64_t before = 0; before < 70; before += 7) {
    for (uint64_t circle = 1; circle < 70; ++circle) {
      PageHistory history;
      uint64_t number = 0;
      const uint64_t limit = 2 * std::max<uint64_t>(before, circle) + circle + 1;
      for (;; ++number) {
        const uint64_t at = number < before ? number : before + (number - before) % circle;
        if (history.page_asked(page(at).request)) break;
        history.add(page(at));
        const PageHistory again = PageHistory::parse(history.text(), history.pages());
        ASSERT_EQ(again, history) << history.text();
        history = again;
        ASSERT_LE(number, limit) << before << ' ' << circle;
      }
      ASSERT_GE(number, before + circle);
    }
  }
}

TEST(PageHistory, WhatCannotBeReadIsEmpty) {
  for (const char* text : {"", "x", "12", "1:", "x:00000000000000010000000000000002", "7:12"}) {
    const PageHistory history = PageHistory::parse(text, 5);
    EXPECT_EQ(history.pages(), 5);
    EXPECT_EQ(history.text(), "") << text;
  }
}

TEST(Fingerprint, TellsTextsApart) {
  EXPECT_EQ(fingerprint("abc"), fingerprint("abc"));
  std::vector<uint64_t> seen;
  std::string text;
  for (int i = 0; i < 300; ++i) {
    for (const char c : {'\0', 'a'}) {
      seen.push_back(fingerprint(text + c));
      seen.push_back(fingerprint(text + c, 1));
    }
    text += '\0';
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace leat::source
