#include "source/format/json_document.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "source/format/record_reader.h"

namespace leat::source {
namespace {

using Texts = std::vector<std::string>;

struct Content {
  Texts records;
  Texts rejected;  // "error | bytes"
  std::string error;
};

Content read(std::string document, const std::string& path = "$") {
  const size_t size = document.size();
  document.append(kRecordPadding, '\0');
  Content content;
  const auto read = records_of_document(*codec::JsonPath::parse(path),
                                        std::string_view(document).substr(0, size));
  if (!read.ok()) {
    content.error = read.error().message();
    EXPECT_TRUE(read.error().domain() == ErrorDomain::kUser || read.error().retry() == Retry::kYes);
    return content;
  }
  for (const auto& record : read->records) content.records.emplace_back(record.value);
  for (const auto& one : read->rejected) content.rejected.push_back(one.error + " | " + one.bytes);
  return content;
}

TEST(JsonDocument, OneBadRecordOfAPageIsRejectedAlone) {
  const std::string deep = std::string(1024, '[') + std::string(1024, ']');
  for (const std::string bad :
       {R"({"s":"cut \ud83d"})", R"({"s":"\ude00 cut"})", "{\"s\":\"\xff\"}", "{\"s\":\"\xc3\"}",
        "{\"s\":\"a\nb\"}", R"({"s":"\x41"})", R"({"v":NaN})", R"({"v":-Infinity})", R"({"v":01})",
        R"({"v":1,})", R"({"v" 1})", R"({v:1})", R"({"v":1 "w":2})", R"({'v':1})", "NaN",
        "undefined", R"("\ud83d")", R"([1,,2])", R"({"\ud83d":1})"}) {
    for (const auto& [before, after, path] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"[", "]", "$"},
             {"[", "]", "$[*]"},
             {R"({"info":{"n":"]}\""},"results": [)", R"( ], "next":null})", "results"},
             {R"([{"results":[)", "]}]", "$[0].results[*]"},
             {R"([0,{"results":[)", "]}]", "$[-1].results"},
             {R"({"results":[7],"results":[)", "]}", "results"}}) {
      const Content content = read(before + R"({"id":1},)" + bad + R"(, {"id":3})" + after, path);
      EXPECT_EQ(content.error, "") << bad << " in " << path;
      EXPECT_EQ(content.records, (Texts{R"({"id":1})", R"({"id":3})"})) << bad << " in " << path;
      ASSERT_EQ(content.rejected.size(), 1u) << bad << " in " << path;
      EXPECT_TRUE(content.rejected[0].starts_with("record 2: not JSON: ")) << content.rejected[0];
      EXPECT_TRUE(content.rejected[0].ends_with(" | " + bad)) << content.rejected[0];
    }
  }
  const Content too_deep = read("[" + deep + ",1]");
  EXPECT_EQ(too_deep.records, Texts{"1"});
  ASSERT_EQ(too_deep.rejected.size(), 1u);
  EXPECT_NE(too_deep.rejected[0].find("nested deeper than 1024 levels"), std::string::npos);
}

TEST(JsonDocument, EveryBadRecordIsNamed) {
  const Content content = read(R"([NaN, {"a":1}, "\ud800", 2, {"b":tru}])");
  EXPECT_EQ(content.records, (Texts{R"({"a":1})", "2"}));
  ASSERT_EQ(content.rejected.size(), 3u);
  EXPECT_TRUE(content.rejected[0].starts_with("record 1: ")) << content.rejected[0];
  EXPECT_TRUE(content.rejected[1].starts_with("record 3: ")) << content.rejected[1];
  EXPECT_TRUE(content.rejected[2].starts_with("record 5: ")) << content.rejected[2];
}

TEST(JsonDocument, ADocumentThatIsOneRecord) {
  const Content content = read(R"( {"id":1,"s":"\ud83d"} )");
  EXPECT_EQ(content.records, Texts{});
  EXPECT_EQ(content.rejected.size(), 1u);
  EXPECT_EQ(read(R"({"data":{"id":NaN}})", "data").rejected.size(), 1u);
}

TEST(JsonDocument, WhatIsCutOrBrokenAroundItsRecordsIsAskedForAgain) {
  for (const std::string text :
       {R"([{"id":1},{"s":"\ud83d"})", R"([{"id":1},{"s":"\ud83d)", R"([{"id":1} {"s":NaN}])",
        R"([{"id":1},,{"s":1}])", R"([{"id":NaN],{"s":1}])", R"([{"id":NaN}]])", R"([{"id":NaN}],)",
        "<html>busy</html>\n", "", "oops", R"({"id":NaN)"}) {
    const Content content = read(text);
    EXPECT_TRUE(content.error.starts_with("not valid JSON: ")) << text << ": " << content.error;
  }
  EXPECT_TRUE(read(R"({"next":NaN,"results":[{"id":1}]})", "results")
                  .error.starts_with("not valid JSON: "));
}

TEST(JsonDocument, OtherEncodingsAreRefusedByName) {
  for (const std::string_view text :
       {std::string_view("\xFF\xFE[\0]\0", 6), std::string_view("\xFE\xFF\0[\0]", 6),
        std::string_view("[\0"
                         "1\0]\0",
                         6)}) {
    EXPECT_NE(read(std::string(text)).error.find("UTF-16"), std::string::npos);
  }
  EXPECT_EQ(read("\xEF\xBB\xBF[1]").records, Texts{"1"});
}

}  // namespace
}  // namespace leat::source
