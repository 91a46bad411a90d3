#include "node/instance/parquet_columns.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace leat::node {
namespace {

std::string quoted(std::string row) {
  quote_non_numbers(row);
  return row;
}

TEST(ParquetColumns, WhatIsNoNumberOfJsonIsAString) {
  EXPECT_EQ(quoted(R"({"a":NaN,"b":[Infinity,-Infinity,1],"NaN":"NaN"})"),
            R"({"a":"NaN","b":["Infinity","-Infinity",1],"NaN":"NaN"})");
  EXPECT_EQ(quoted(R"({"a":"x\"NaN","b":"\\","c":NaN})"), R"({"a":"x\"NaN","b":"\\","c":"NaN"})");
  EXPECT_EQ(quoted(R"({"a":1.5})"), R"({"a":1.5})");
}

TEST(ParquetColumns, NamesAndTypesAreThoseOfTheFile) {
  TemporaryDirectory directory;
  const Path file = directory.path() / "it's.parquet";
  auto database = store::Database::open({});
  ASSERT_TRUE(database.ok());
  auto connection = (*database)->connect();
  ASSERT_TRUE(connection.ok());
  const auto written = (*connection)
                           ->run(
                               "COPY (SELECT 1 AS t, 'nan'::DOUBLE AS file, DATE '2024-01-02' AS "
                               "\"c0\", {'x': 1, 'y': "
                               "1.5::DECIMAL(4,2)} AS s, [1] AS l) TO " +
                               store::quoted_literal(file.string()) + " (FORMAT parquet)");
  ASSERT_TRUE(written.ok()) << written.error().to_string();
  const auto columns = parquet_columns(**connection, file);
  ASSERT_TRUE(columns.ok()) << columns.error().to_string();
  EXPECT_TRUE(columns->types.warnings.empty());
  EXPECT_EQ(columns->types.schema.root.shown_type(),
            "STRUCT(\"t\" VARCHAR, \"file\" DOUBLE, \"c0\" DATE, \"s\" STRUCT(\"x\" VARCHAR, \"y\" "
            "DECIMAL(4,2)), \"l\" VARCHAR)");
  auto rows =
      (*connection)->query("SELECT " + columns->record + " FROM " + columns->rows + " LIMIT 1");
  ASSERT_TRUE(rows.ok()) << rows.error().to_string();
  EXPECT_EQ(rows->texts()->at(0).at(0),
            R"({"t":1,"file":NaN,"c0":"2024-01-02","s":{"x":1,"y":1.5},"l":[1]})");
}

}  // namespace
}  // namespace leat::node
