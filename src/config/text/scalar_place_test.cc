// Every character of a scalar has its true place in the file, whatever the scalar's style.
#include "config/text/scalar_place.h"

#include <gtest/gtest.h>

#include "config/yaml/yaml_reader.h"

namespace leat::config {
namespace {

struct Style {
  const char* name;
  std::string text;
};

void PrintTo(const Style& style, std::ostream* out) { *out << style.name; }

const Style kStyles[] = {
    {"Plain", "sql: SELECT a1, b2 FROM c3\n"},
    {"PlainOverLines", "sql: SELECT a1,\n   b2\n\n\n  FROM c3   \n      WHERE d4\nx: y\n"},
    {"Single", "sql: 'it''s a1 ''b2'' c3'\n"},
    {"SingleOverLines", "sql: 'it''s a1\n\n   ''b2'' \n  c3'\n"},
    {"Double", R"(sql: "a1\t\"b2\" \u00e9c3 \x41 \U0001F600 d4")"
               "\n"},
    {"DoubleOverLines", "sql: \"a1 b2\\\n    c3\n\n  d4 \\u00e9 e5\"\n"},
    {"Literal", "sql: |\n  SELECT a1,\n         b2\n\n  FROM c3\n\nx: y\n"},
    {"LiteralStripped", "sql: |-\n    SELECT a1\n    FROM b2"},
    {"LiteralKept", "sql: |+\n  SELECT a1\n\n\nx: y\n"},
    {"LiteralIndented", "sql: |2 # a comment\n    SELECT a1\n  FROM b2\n"},
    {"LiteralBlankFirst", "sql: |\n\n\n  SELECT a1\n  FROM b2\n"},
    {"LiteralWindows", "sql: |\r\n  SELECT a1\r\n  FROM b2\r\n"},
    {"Folded", "sql: >\n  SELECT a1\n  b2\n\n  FROM c3\n    WHERE d4\n    AND e5\n  f6\n"},
    {"FoldedStripped", "sql: >-\n\n  SELECT a1\n  b2"},
    {"Anchored", "sql: &anchor !!str |\n  SELECT a1\n  FROM b2\n"},
    {"InFlow", "{sql: \"a1 b2\", x: y}\n"},
};

class ScalarPlaceTest : public testing::TestWithParam<Style> {};

// Each letter and digit of the value is found at its place.
TEST_P(ScalarPlaceTest, FindsEveryWord) {
  const auto source = std::make_shared<SourceText>(GetParam().text, "f.yaml");
  ProblemList problems(source);
  const Node sql = read_yaml(source, {}, problems)["sql"];
  ASSERT_TRUE(sql);
  size_t compared = 0;
  for (size_t i = 0; i < sql.text().size(); ++i) {
    const char c = sql.text()[i];
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) continue;
    ++compared;
    const auto place = sql.location_of(i);
    // The files hold one-byte characters only, so that a column is a byte.
    const auto line = source->line(place.line);
    ASSERT_LT(static_cast<size_t>(place.column), line.size() + 1) << i;
    EXPECT_EQ(line[static_cast<size_t>(place.column) - 1], c) << i << " in " << sql.text();
    EXPECT_EQ(line[static_cast<size_t>(place.column) - 2], sql.text()[i - 1]) << i;
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(All, ScalarPlaceTest, testing::ValuesIn(kStyles),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ScalarPlace, BeyondTheEnd) {
  EXPECT_EQ(scalar_place("a: b", 3, "b", 100), 4);
  EXPECT_EQ(scalar_place("a: b", 100, "b", 0), 4);
  EXPECT_EQ(scalar_place("a: |", 3, "x", 1), 3);
  EXPECT_EQ(scalar_place("a: >", 3, "x", 1), 4);
}

TEST(ScalarPlace, AfterAReference) {
  const std::map<std::string, std::string> set = {{"T", "a_much_longer_table"}};
  const auto source = std::make_shared<SourceText>("sql: |\n  SELECT x\n  FROM ${T} y\n", "f.yaml");
  ProblemList problems(source);
  const Node sql =
      read_yaml(source, {.set = &set, .environment = {}, .secrets_directory = {}}, problems)["sql"];
  const auto place = [&](const char* word) {
    return sql.location_of(sql.text().find(word)).to_string();
  };
  EXPECT_EQ(place("longer"), "f.yaml:3:8");  // that of the reference
  EXPECT_EQ(place(" y"), "f.yaml:3:12");
}

}  // namespace
}  // namespace leat::config
