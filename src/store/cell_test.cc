#include "store/cell.h"

#include <gtest/gtest.h>

#include "store/database.h"

namespace leat::store {
namespace {

// DuckDB's own cast to VARCHAR and ours agree, and the type's name parses again.
class CellText : public testing::TestWithParam<const char*> {};

TEST_P(CellText, IsWhatDuckDbWouldSay) {
  auto database = std::move(Database::open({})).value();
  auto connection = std::move(database->connect()).value();
  auto result =
      connection->query(std::string("SELECT v, v::VARCHAR FROM (SELECT ") + GetParam() + " AS v)");
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  const std::string type = result->columns()[0].type;
  auto rows = result->texts();
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0][0], (*rows)[0][1]);
  auto again = connection->prepare("SELECT NULL::" + type);
  ASSERT_TRUE(again.ok()) << type << ": " << again.error().to_string();
  EXPECT_EQ(again->columns()[0].type, type);
}

INSTANTIATE_TEST_SUITE_P(
    Types, CellText,
    testing::Values(
        "true", "-1::TINYINT", "-300::SMALLINT", "1", "-9223372036854775808", "255::UTINYINT",
        "65535::USMALLINT", "4294967295::UINTEGER", "18446744073709551615::UBIGINT",
        "-170141183460469231731687303715884105727::HUGEINT",
        "340282366920938463463374607431768211455::UHUGEINT", "1.5::FLOAT", "0.1::DOUBLE",
        "'nan'::DOUBLE", "-1.25::DECIMAL(4,2)", "-12345.678::DECIMAL(9,3)",
        "-1234567890123.45::DECIMAL(18,2)", "-12345678901234567890.5::DECIMAL(38,1)",
        "DATE '2026-02-28'", "'infinity'::DATE", "TIME '01:02:03.000004'",
        "'01:02:03+05:30'::TIMETZ", "TIMESTAMP '2026-02-28 01:02:03.5'",
        "'2026-02-28 01:02:03+00'::TIMESTAMPTZ", "'2026-02-28 01:02:03'::TIMESTAMP_S",
        "'2026-02-28 01:02:03.004'::TIMESTAMP_MS", "'2026-02-28 01:02:03.000000004'::TIMESTAMP_NS",
        "INTERVAL '1 month 2 days 3 seconds'", "'6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID",
        "'ff1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f'::UUID", "'a''b'::VARCHAR", "'\\x00\\xFFabc'::BLOB",
        "'0101'::BIT", "'-123456789012345678901234567890'::BIGNUM", "123::BIGNUM",
        "'b'::ENUM('a', 'b')", "[1, NULL, 3]", "[]::VARCHAR[]", "[[1], [2, 3]]",
        "[1, 2, 3]::INTEGER[3]", "{'a': 1, 'end': 'x'}",
        "{'a': NULL::INTEGER, 'b': {'c': [DATE '2026-01-01']}}", "MAP {'a': 1, 'b': NULL}",
        "MAP {}::MAP(VARCHAR, INTEGER)", "union_value(num := 2)", "1::UNION(a VARCHAR, b INTEGER)",
        "NULL::STRUCT(a INTEGER)", "'{\"a\": 1}'::JSON"));

TEST(CellTextZeroByte, TextKeepsIt) {
  auto database = std::move(Database::open({})).value();
  auto connection = std::move(database->connect()).value();
  auto result = connection->query("SELECT 'a' || chr(0) || 'b'");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->texts().value()[0][0], std::string("a\0b", 3));
}

}  // namespace
}  // namespace leat::store
