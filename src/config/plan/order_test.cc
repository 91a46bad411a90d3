#include "config/plan/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/plan/sql_sources.h"

namespace leat::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Order, KeepsTheGivenOrderWhereItCan) {
  EXPECT_THAT(order_by_upstream({{}, {}, {}}).order, ElementsAre(0, 1, 2));
  EXPECT_THAT(order_by_upstream({{2}, {}, {}}).order, ElementsAre(2, 0, 1));
  EXPECT_THAT(order_by_upstream({{1, 2}, {2}, {}}).order, ElementsAre(2, 1, 0));
  EXPECT_THAT(order_by_upstream({}).order, IsEmpty());
}

TEST(Order, Diamond) {
  EXPECT_THAT(order_by_upstream({{1, 2}, {3}, {3}, {}}).order, ElementsAre(3, 1, 2, 0));
  EXPECT_THAT(order_by_upstream({{1, 1}, {}}).order, ElementsAre(1, 0));
}

TEST(Order, ShowsACycle) {
  const auto cyclic = order_by_upstream({{}, {2}, {3}, {1}});
  EXPECT_THAT(cyclic.order, IsEmpty());
  EXPECT_THAT(cyclic.cycle, ElementsAre(1, 3, 2, 1));
  EXPECT_THAT(order_by_upstream({{0}}).cycle, ElementsAre(0, 0));
}

TEST(Order, LongChains) {
  std::vector<std::vector<size_t>> chain(200'000);
  for (size_t i = 0; i + 1 < chain.size(); ++i) chain[i] = {i + 1};
  EXPECT_EQ(order_by_upstream(chain).order.front(), chain.size() - 1);
  chain.back() = {0};
  EXPECT_EQ(order_by_upstream(chain).cycle.size(), chain.size() + 1);
}

TEST(SqlSources, FromAndJoin) {
  EXPECT_THAT(sql_sources("SELECT a FROM t"), ElementsAre("t"));
  EXPECT_THAT(sql_sources("select a from t as x, u y join v on x.a = v.a where b"),
              ElementsAre("t", "u", "v"));
  EXPECT_THAT(sql_sources("SELECT * FROM \"a-\"\"b\""), ElementsAre("a-\"b"));
  EXPECT_THAT(sql_sources("SELECT * FROM my.topic.name"), ElementsAre("my.topic.name"));
  EXPECT_THAT(sql_sources("SELECT * FROM TUMBLE(t, at, INTERVAL 1 MINUTE)"), ElementsAre("t"));
  EXPECT_THAT(sql_sources("SELECT * FROM (SELECT 1 FROM t)"), ElementsAre("t"));
  EXPECT_THAT(sql_sources("FROM t SELECT a"), ElementsAre("t"));
}

TEST(SqlSources, PassesOverStringsAndComments) {
  EXPECT_THAT(sql_sources("SELECT 'a'' FROM b' -- FROM c\n/* FROM d */ FROM e"), ElementsAre("e"));
  EXPECT_THAT(sql_sources("SELECT 'FROM x"), IsEmpty());
  EXPECT_THAT(sql_sources("SELECT /* FROM x"), IsEmpty());
  EXPECT_THAT(sql_sources("SELECT a FROM"), IsEmpty());
  EXPECT_THAT(sql_sources(""), IsEmpty());
}

}  // namespace
}  // namespace leat::config
