#include "source/format/csv_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leat::source {
namespace {

struct Content {
  std::vector<std::string> records;
  std::vector<std::string> rejected;  // "error | bytes"
  std::vector<ReadPosition> positions;
};

void append(const RecordPart& part, Content& to) {
  for (const auto& record : part.records) to.records.emplace_back(record.value);
  for (const auto& row : part.rejected) to.rejected.push_back(row.error + " | " + row.bytes);
  to.positions.push_back(part.next);
}

// Reads from `at` in parts of `records`, a new reader for each.
Content read(std::string_view text, const CsvOptions& options = {}, size_t records = 1000,
             ReadPosition at = {}) {
  Content content;
  for (bool end = false; !end;) {
    const auto part =
        make_csv_reader(make_memory_stream(text), options, at)->read({1 << 20, records});
    EXPECT_TRUE(part.ok()) << part.error().message();
    if (!part.ok()) break;
    append(*part, content);
    at = part->next;
    end = part->end;
  }
  return content;
}

using Texts = std::vector<std::string>;

TEST(CsvReader, ValuesKeepTheirText) {
  EXPECT_EQ(read("a,b,c,d,e,f\r\n1,-1.50,007,true,,x y\r\n\"1\",1e400,NaN,TRUE,\"\",\"say "
                 "\"\"hi\"\"\"\r\n")
                .records,
            (Texts{R"({"a":1,"b":-1.50,"c":"007","d":true,"e":null,"f":"x y"})",
                   R"({"a":"1","b":1e400,"c":"NaN","d":"TRUE","e":"","f":"say \"hi\""})"}));
}

TEST(CsvReader, EachLineEndEndsARowAlsoInOneFile) {
  const Texts rows = {R"({"a":1,"b":"x"})", R"({"a":2,"b":"y"})", R"({"a":3,"b":"z"})"};
  for (const std::string_view text :
       {"a,b\r1,x\r2,y\r3,z\r", "a,b\r1,x\r2,y\r3,z", "a,b\r\n1,x\r2,y\n3,z\r\n",
        "a,b\n1,x\r\n2,y\r3,z\r", "a,b\r\r\n1,x\r\r\n2,y\r\r\n3,z\r\r\n",
        "\xEF\xBB\xBF"
        "a,b\r1,\"x\"\r2,y\r\r3,\"z\"\r"}) {
    EXPECT_EQ(read(text).records, rows) << text;
    EXPECT_EQ(read(text, {}, 1).records, rows) << text;
    EXPECT_TRUE(read(text).rejected.empty()) << text;
  }
  EXPECT_EQ(read("a,b\r\"1\r2\r\n\",x\r").records, Texts{R"({"a":"1\r2\r\n","b":"x"})"});
  EXPECT_EQ(read("a,b\r1,\"q\rr\"\rbad\r").rejected,
            Texts{"line 4: 1 fields where there are 2 columns | bad"});
}

TEST(CsvReader, ALineEndAcrossBlocks) {
  for (size_t size = (256 << 10) - 8; size < (256 << 10) + 2; ++size) {
    const std::string text = "a\r\n" + std::string(size, 'x') + "\r\n2\r\n";
    EXPECT_EQ(read(text).records.size(), 2u) << size;
    EXPECT_EQ(read(text).positions.back().line, 4u) << size;
  }
}

TEST(CsvReader, NamesThatSqlCannotTellApartAreToldAndKept) {
  const auto part =
      make_csv_reader(make_memory_stream("id,ID,Id_1,Id\n1,2,3,4\n"), {}, {})->read({});
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->records[0].value, R"({"id":1,"ID_2":2,"Id_1":3,"Id_3":4})");
  ASSERT_EQ(part->warnings.size(), 2u);
  EXPECT_EQ(part->warnings[0],
            "SQL cannot tell the column \"ID\" from another one: its values are in the field "
            "\"ID_2\"");
}

TEST(CsvReader, AHeaderThatLooksLikeOneOfAnotherDelimiterIsTold) {
  const auto warnings = [](std::string_view text) {
    return make_csv_reader(make_memory_stream(text), {}, {})->read({})->warnings;
  };
  EXPECT_EQ(warnings("id;name\n1;a\n"),
            Texts{"the header is one column, \"id;name\": if there are several, set `csv: "
                  "{delimiter: \";\"}`"});
  EXPECT_EQ(warnings("id\tname\n").size(), 1u);
  EXPECT_EQ(warnings("id\n1;2\n").size(), 0u);
}

TEST(CsvReader, OtherEncodingsAreRefusedByName) {
  for (const std::string_view text : {std::string_view("\xFF\xFE"
                                                       "a\0,\0",
                                                       6),
                                      std::string_view("\xFE\xFF\0a\0,", 6)}) {
    const auto part = make_csv_reader(make_memory_stream(text), {}, {})->read({});
    ASSERT_FALSE(part.ok());
    EXPECT_NE(part.error().message().find("iconv"), std::string::npos);
  }
}

TEST(CsvReader, QuotedFieldsHoldDelimitersAndLineEnds) {
  const Content content = read(
      "\xEF\xBB\xBF"
      "a,b\n\"x,\ny\",1\n\n\"\\\t\",2");
  EXPECT_EQ(content.records, (Texts{R"({"a":"x,\ny","b":1})", R"({"a":"\\\t","b":2})"}));
  EXPECT_TRUE(content.rejected.empty());
}

TEST(CsvReader, BadRowsAreRejectedWithTheirLine) {
  const Content content = read("a,b\n1\n1,2,3\n\"x\"y,2\n\"multi\nline\",2,3\n\xff,1\n3,4\n");
  EXPECT_EQ(content.records, Texts{R"({"a":3,"b":4})"});
  EXPECT_EQ(content.rejected,
            (Texts{"line 2: 1 fields where there are 2 columns | 1",
                   "line 3: 3 fields where there are 2 columns | 1,2,3",
                   "line 4: text after the closing quote of field 1 | \"x\"y,2",
                   "line 5: 3 fields where there are 2 columns | \"multi\nline\",2,3",
                   "line 7: the field \"a\" is not UTF-8 | \xff,1"}));
}

TEST(CsvReader, AnUnclosedQuoteCostsItsLineOnly) {
  const Content content = read("a\n1\n\"open\n2\n3\n");
  EXPECT_EQ(content.records, (Texts{R"({"a":1})", R"({"a":2})", R"({"a":3})"}));
  ASSERT_EQ(content.rejected.size(), 1u);
  EXPECT_TRUE(content.rejected[0].starts_with("line 3: a quoted field is not closed"))
      << content.rejected[0];
}

TEST(CsvReader, Options) {
  EXPECT_EQ(read("1;'a;b'\n", {.delimiter = ';', .quote = '\'', .header = false}).records,
            Texts{R"({"column1":1,"column2":"a;b"})"});
  EXPECT_EQ(
      read("1,NA,\"NA\"\n", {.header = false, .columns = {"x", "y", "z"}, .null = "NA"}).records,
      Texts{R"({"x":1,"y":null,"z":"NA"})"});
  EXPECT_EQ(read("a,,\n1,2,3\n").records, Texts{R"({"a":1,"column2":2,"column3":3})"});
}

TEST(CsvReader, EmptyFilesAndDoubleNames) {
  EXPECT_TRUE(read("").records.empty());
  EXPECT_TRUE(read("a,b\n").records.empty());
  EXPECT_TRUE(read("", {.header = false}).records.empty());
  const auto twice = make_csv_reader(make_memory_stream("a,a\n1,2\n"), {}, {})->read({});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().domain(), ErrorDomain::kUser);
}

TEST(CsvReader, ResumedAnywhereItGivesTheSame) {
  const std::string text =
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r\n\r\n\"x\r\ny\",3\r\nbad\r\n\"open,4\r\n5,6";
  const Content whole = read(text);
  const Content single = read(text, {}, 1);
  EXPECT_EQ(single.records, whole.records);
  EXPECT_EQ(single.rejected, whole.rejected);
  for (size_t i = 0; i + 1 < single.positions.size(); ++i) {
    const Content rest = read(text, {}, 1, single.positions[i]);
    EXPECT_EQ(rest.records.size() + rest.rejected.size(), single.positions.size() - 1 - i) << i;
    EXPECT_EQ(rest.positions.back(), single.positions.back());
  }
}

TEST(CsvReader, AnEmbeddedLineEndAcrossBlocks) {
  // The buffer's first fill ends inside the quoted field.
  const std::string text =
      "a,b\n1," + std::string("\"") + std::string(300'000, 'x') + "\n\",\n2,3\n";
  const Content content = read(text);
  ASSERT_EQ(content.rejected.size(), 1u);
  EXPECT_EQ(content.records, Texts{R"({"a":2,"b":3})"});
}

}  // namespace
}  // namespace leat::source
