#include "app/terminal/result_writer.h"

#include <gtest/gtest.h>

#include <sstream>

namespace leat::terminal {
namespace {

class Rows final : public ResultSource {
 public:
  Rows(std::vector<ResultColumn> columns, std::vector<Row> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  const std::vector<ResultColumn>& columns() const override { return columns_; }
  Result<bool> next_row(Row& row) override {
    if (next_ == rows_.size()) {
      if (fails) return external_error(Retry::kNo, "the query was interrupted");
      return false;
    }
    row = rows_[next_++];
    return true;
  }
  bool fails = false;

 private:
  std::vector<ResultColumn> columns_;
  std::vector<Row> rows_;
  size_t next_ = 0;
};

std::string written(Format format, Rows source, const Screen& screen = {}) {
  std::ostringstream out;
  const auto result = write_result(out, format, source, screen);
  EXPECT_TRUE(result.ok());
  return out.str();
}

Rows people() {
  return {{{"id", "BIGINT"}, {"name", "VARCHAR"}},
          {{"1", "Jürgen"}, {"20", std::nullopt}, {"-300", "日本\n"}}};
}

TEST(WriteTable, aligns_by_columns_of_the_screen) {
  EXPECT_EQ(written(Format::kTable, people()),
            "   id | name\n"
            "------+--------\n"
            "    1 | Jürgen\n"
            "   20 | NULL\n"
            " -300 | 日本\\n\n"
            "(3 rows)\n");
}

TEST(WriteTable, empty_and_single) {
  EXPECT_EQ(written(Format::kTable, {{{"a", "VARCHAR"}}, {}}), " a\n---\n(0 rows)\n");
  EXPECT_EQ(written(Format::kTable, {{{"a", "VARCHAR"}}, {{""}}}), " a\n---\n\n(1 row)\n");
}

TEST(WriteTable, only_a_terminal_cuts) {
  const Rows wide{{{"id", "INTEGER"}, {"text", "VARCHAR"}}, {{"1", std::string(50, 'x')}}};
  const std::string row = "  1 | ";
  EXPECT_NE(written(Format::kTable, wide).find(row + std::string(50, 'x') + "\n"),
            std::string::npos);
  const std::string cut = written(Format::kTable, wide, Screen{.terminal = true, .width = 20});
  EXPECT_NE(cut.find(row + std::string(12, 'x') + "…\n"), std::string::npos) << cut;
}

TEST(WriteTable, rows_beyond_the_first_thousand_still_come) {
  std::vector<Row> rows(1500, Row{"1"});
  rows.push_back({"123456789"});
  const std::string table = written(Format::kTable, {{{"n", "INTEGER"}}, std::move(rows)});
  EXPECT_TRUE(table.ends_with(" 1\n 123456789\n(1,501 rows)\n")) << table.substr(table.size() - 60);
}

TEST(WriteCsv, quotes_as_rfc_4180) {
  EXPECT_EQ(written(Format::kCsv, {{{"a,b", "VARCHAR"}, {"c", "VARCHAR"}, {"d", "INTEGER"}},
                                   {{"say \"hi\"", "two\nlines", "7"},
                                    {"", std::nullopt, std::nullopt},
                                    {"plain", " spaced ", "8"}}}),
            "\"a,b\",c,d\n"
            "\"say \"\"hi\"\"\",\"two\nlines\",7\n"
            "\"\",,\n"
            "plain, spaced ,8\n");
  EXPECT_EQ(written(Format::kCsv, {{{"a", "VARCHAR"}}, {}}), "a\n");
}

TEST(WriteJson, types_become_json_types) {
  const Rows source{
      {{"n", "DECIMAL(18,3)"},
       {"f", "DOUBLE"},
       {"b", "BOOLEAN"},
       {"s", "VARCHAR"},
       {"l", "INTEGER[]"},
       {"j", "JSON"},
       {"t", "TIMESTAMP"}},
      {{"1.500", "inf", "true", "12", "[1,2]", R"({"a": 1})", "2026-01-01 00:00:00"},
       {std::nullopt, "-1e+20", "false", "q\"\n", "[not json", "null", std::nullopt}}};
  const std::string first =
      R"({"n":1.500,"f":"inf","b":true,"s":"12","l":[1,2],"j":{"a": 1},"t":"2026-01-01 00:00:00"})";
  const std::string second =
      R"({"n":null,"f":-1e+20,"b":false,"s":"q\"\n","l":"[not json","j":null,"t":null})";
  EXPECT_EQ(written(Format::kJson, source), "[\n" + first + ",\n" + second + "\n]\n");
  EXPECT_EQ(written(Format::kNdjson, source), first + "\n" + second + "\n");
}

TEST(WriteJson, empty_results) {
  EXPECT_EQ(written(Format::kJson, {{{"a", "INTEGER"}}, {}}), "[]\n");
  EXPECT_EQ(written(Format::kNdjson, {{{"a", "INTEGER"}}, {}}), "");
}

TEST(WriteJson, equal_names_are_told_apart) {
  EXPECT_EQ(written(Format::kNdjson,
                    {{{"a", "INTEGER"}, {"a_1", "INTEGER"}, {"a", "INTEGER"}}, {{"1", "2", "3"}}}),
            "{\"a\":1,\"a_1\":2,\"a_2\":3}\n");
}

TEST(WriteJson, numbers_that_json_cannot_say_are_text) {
  for (const char* text : {"inf", "-inf", "nan", "01", "+1", ".5", "1.", ""}) {
    EXPECT_EQ(written(Format::kNdjson, {{{"x", "DOUBLE"}}, {{text}}}),
              fmt::format("{{\"x\":\"{}\"}}\n", text));
  }
}

TEST(WriteResult, errors_of_both_sides) {
  for (const Format format : {Format::kTable, Format::kCsv, Format::kJson, Format::kNdjson}) {
    Rows source = people();
    source.fails = true;
    std::ostringstream out;
    const auto interrupted = write_result(out, format, source, {});
    ASSERT_FALSE(interrupted.ok());
    EXPECT_EQ(interrupted.error().message(), "the query was interrupted");

    Rows unwritten = people();
    std::ostringstream full;
    full.setstate(std::ios::badbit);
    EXPECT_FALSE(write_result(full, format, unwritten, {}).ok());
  }
}

TEST(ParseFormat, names_the_four) {
  EXPECT_EQ(*parse_format("ndjson"), Format::kNdjson);
  ASSERT_FALSE(parse_format("xml").ok());
  EXPECT_EQ(parse_format("xml").error().message(),
            "'xml' is not a format: table, csv, json or ndjson");
}

}  // namespace
}  // namespace leat::terminal
