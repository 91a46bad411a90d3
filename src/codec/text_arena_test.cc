#include "codec/text_arena.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

namespace leat::codec {
namespace {

TEST(TextArena, KeepsEveryTextUntilItIsCleared) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  TextArena arena;
  for (int round = 0; round < 4; ++round) {
    std::vector<std::pair<const char*, std::string>> kept;
    for (int i = 0; i < 2000; ++i) {
      // Now and then one that is larger than a block.
      const size_t size = random() % (random() % 200 == 0 ? 200'000 : 300);
      std::string text(size, static_cast<char>('a' + random() % 26));
      const char* const at = arena.keep(text);
      kept.emplace_back(at, std::move(text));
    }
    for (const auto& [at, text] : kept) {
      ASSERT_EQ(std::string_view(at, text.size()), text);
    }
    arena.clear();
  }
}

TEST(TextArena, UsesItsMemoryAgain) {
  TextArena arena;
  const char* const first = arena.keep("a text of more than twelve bytes");
  arena.keep(std::string(1 << 20, 'x'));
  arena.clear();
  EXPECT_EQ(arena.keep("another text of more than twelve bytes"), first);
}

}  // namespace
}  // namespace leat::codec
