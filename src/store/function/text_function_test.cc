#include "store/function/text_function.h"

#include <gtest/gtest.h>

#include "store/database.h"

namespace leat::store {
namespace {

std::string only(Connection& connection, const std::string& sql) {
  auto result = connection.query(sql);
  if (!result.ok()) return "error: " + result.error().message();
  return result->texts().value().at(0).at(0).value_or("NULL");
}

TEST(TextFunction, GivesTheTextOfTheExecutionToAKeptPlan) {
  const auto database = std::move(Database::open({})).value();
  const auto connection = std::move(database->connect()).value();
  ASSERT_TRUE(
      connection->run("CREATE TABLE t AS SELECT i AS id, '' AS v FROM range(3000) r(i)").ok());
  const auto text = std::move(TextFunction::create("own", *connection)).value();
  auto update = connection->prepare("UPDATE t SET v = " + text->call() + " WHERE id > 0");
  ASSERT_TRUE(update.ok()) << update.error().to_string();
  for (const std::string value :
       {"short", "longer than what fits into a string's inside", "it's \"\n"}) {
    text->set(value);
    auto changed = update->execute();
    ASSERT_TRUE(changed.ok()) << changed.error().to_string();
    EXPECT_EQ(changed->rows_changed(), 2999U);
    EXPECT_EQ(only(*connection, "SELECT min(v) FROM t WHERE id > 0"), value);
    EXPECT_EQ(only(*connection, "SELECT max(v) FROM t WHERE id > 0"), value);
  }
}

TEST(TextFunction, IsForItsConnectionAlone) {
  const auto database = std::move(Database::open({})).value();
  const auto connection = std::move(database->connect()).value();
  const auto other = std::move(database->connect()).value();
  const auto text = std::move(TextFunction::create("own", *connection)).value();
  text->set("secret");
  EXPECT_EQ(only(*connection, "SELECT " + text->call()), "secret");
  EXPECT_NE(only(*other, "SELECT " + text->call()).find("a part of a running stream"),
            std::string::npos);
}

}  // namespace
}  // namespace leat::store
