#include "codec/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/decode/test_chunk.h"

namespace leat::codec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The selected texts, or one text with the error.
std::vector<std::string> selected(std::string_view path, std::string_view json) {
  auto parsed = JsonPath::parse(path);
  if (!parsed.ok()) return {"path: " + parsed.error().message()};
  const Padded padded(json);
  auto values = select(*parsed, padded.view());
  if (!values.ok()) return {"error: " + values.error().message()};
  std::vector<std::string> texts;
  for (const std::string_view value : *values) {
    EXPECT_GE(value.data(), padded.view().data());
    EXPECT_LE(value.data() + value.size(), padded.view().data() + padded.view().size());
    texts.emplace_back(value);
  }
  return texts;
}

std::string text_of(std::string_view path, std::string_view json) {
  const Padded padded(json);
  auto text = select_text(*JsonPath::parse(path), padded.view());
  if (!text.ok()) return "error: " + text.error().message();
  return text->value_or("(none)");
}

TEST(JsonPath, Selects) {
  const char* const json = R"( {"results" : [ {"a": 1 } , "x\n",  [ ] , null],
      "links": {"next": "u", "a b": {"c.d": [10, 20, 30]}}, "info": { } } )";
  EXPECT_THAT(selected("results[*]", json), ElementsAre(R"({"a": 1 })", R"("x\n")", "[ ]", "null"));
  EXPECT_THAT(selected("$.results[0].a", json), ElementsAre("1"));
  EXPECT_THAT(selected("$['results'][-1]", json), ElementsAre("null"));
  EXPECT_THAT(selected("links['a b'][\"c.d\"][1]", json), ElementsAre("20"));
  EXPECT_THAT(selected("links['a b']['c.d'][-3]", json), ElementsAre("10"));
  EXPECT_THAT(selected("links.next", json), ElementsAre("\"u\""));
  EXPECT_THAT(selected("links.*", json), ElementsAre("\"u\"", R"({"c.d": [10, 20, 30]})"));
  EXPECT_THAT(selected("links[*]['c.d'][*]", R"({"links":[{"c.d":[1]},{"c.d":[2,3]}]})"),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(selected("info", json), ElementsAre("{ }"));
  EXPECT_THAT(selected("info[*]", json), IsEmpty());
  EXPECT_THAT(selected("$", " [1, 2] "), ElementsAre("[1, 2]"));
  EXPECT_THAT(selected("", " 12 "), ElementsAre("12"));
  EXPECT_THAT(selected("[0].id", R"([{"id":"é"}])"), ElementsAre("\"é\""));
  EXPECT_THAT(selected("[*]", "[]"), IsEmpty());
  EXPECT_THAT(selected("a", R"({"a":1,"\u0061":2})"), ElementsAre("2"));
  EXPECT_THAT(selected("['\\u00e9\\'']", R"({"é'":2})"), ElementsAre("2"));
  EXPECT_THAT(selected("['']", R"({"":2})"), ElementsAre("2"));
}

TEST(JsonPath, SaysWhatIsMissing) {
  EXPECT_THAT(selected("results[*]", R"({"results":{"a":1}})"), ElementsAre("1"));
  EXPECT_THAT(selected("results[*]", R"({"results":3})"),
              ElementsAre("error: `results` is a number, not a list"));
  EXPECT_THAT(selected("results[0]", R"({"results":{}})"),
              ElementsAre("error: `results` is an object, not a list"));
  EXPECT_THAT(selected("results.a", R"({"results":[1]})"),
              ElementsAre("error: `results` is a list, not an object"));
  EXPECT_THAT(selected("results", "[]"), ElementsAre("error: the root is a list, not an object"));
  EXPECT_THAT(selected("a.b c", "{}"), ElementsAre(HasSubstr("path: ")));
  EXPECT_THAT(selected("a.b.c", R"({"a":{"b":{"d":1}}})"), ElementsAre("error: `a.b` has no `c`"));
  EXPECT_THAT(selected("a[2]", R"({"a":[1,2]})"),
              ElementsAre("error: `a` has 2 elements: there is no [2]"));
  EXPECT_THAT(selected("a[-3]", R"({"a":[1,2]})"),
              ElementsAre("error: `a` has 2 elements: there is no [-3]"));
  EXPECT_THAT(selected("a[*]['x y'].b", R"({"a":[{"x y":null}]})"),
              ElementsAre("error: `a[*]['x y']` is null, not an object"));
  const Padded padded("{}");
  EXPECT_EQ(select(*JsonPath::parse("a"), padded.view()).error().code(), ErrorCode::kNotFound);
}

TEST(JsonPath, ChecksTheWholeText) {
  for (const char* json :
       {"", "{", R"({"a":1)", R"({"a":1}})", R"({"a":1} 2)", R"({"a":1,"b":[01]})",
        R"({"a":1,"b":"\x"})", R"({"a":1,"b":nul})", "{\"a\":1,\"b\":\"\xc3\"}"}) {
    const Padded padded(json);
    const auto values = select(*JsonPath::parse("a"), padded.view());
    ASSERT_FALSE(values.ok()) << json;
    EXPECT_EQ(values.error().code(), ErrorCode::kInvalid) << json;
    EXPECT_THAT(values.error().message(), HasSubstr("at byte")) << json;
    EXPECT_TRUE(values.error().position().has_value()) << json;
  }
}

TEST(JsonPath, SelectText) {
  EXPECT_EQ(text_of("a.b", R"({"a":{"b":"x\u00e9\n"}})"), "xé\n");
  EXPECT_EQ(text_of("a", R"({"a":12.50})"), "12.50");
  EXPECT_EQ(text_of("a", R"({"a":true})"), "true");
  EXPECT_EQ(text_of("a", R"({"a":null})"), "(none)");
  EXPECT_EQ(text_of("a", R"({"b":1})"), "(none)");
  EXPECT_EQ(text_of("a.b.c", R"({"a":null})"), "(none)");
  EXPECT_EQ(text_of("a[3]", R"({"a":[1]})"), "(none)");
  EXPECT_EQ(text_of("a[*]", R"({"a":[]})"), "(none)");
  EXPECT_EQ(text_of("a[*]", R"({"a":[7]})"), "7");
  EXPECT_EQ(text_of("a[*]", R"({"a":[7,8]})"), "error: `a[*]` names 2 values, not one");
  EXPECT_EQ(text_of("a", R"({"a":{}})"), "error: `a` is an object, not one value");
  EXPECT_EQ(text_of("a", R"({"a":[1]})"), "error: `a` is a list, not one value");
  EXPECT_EQ(text_of("a", R"({"a":1)"), "error: not JSON: the text ends too early at byte 6");
  EXPECT_EQ(text_of("$", "\"x\""), "x");
}

TEST(JsonPath, ParseSaysWhere) {
  const std::tuple<const char*, size_t, const char*> cases[] = {
      {"a.", 2, "expected a name"},
      {"a..b", 2, "`..` is not supported"},
      {"a[", 2, "expected *, an index or a quoted name"},
      {"a[1", 3, "expected ]"},
      {"a[01]", 2, "leading zeros"},
      {"a[-0]", 2, "leading zeros"},
      {"a[-]", 2, "expected an index"},
      {"a[1:2]", 3, "expected ]"},
      {"a[?(@.x)]", 2, "filters are not supported"},
      {"a['x]", 2, "does not end"},
      {"a['\\q']", 2, "escape"},
      {"a[99999999999999999999]", 2, "too large"},
      {"a[9007199254740992]", 2, "too large"},
      {"a b", 1, "expected . or ["},
      {"$a", 1, "expected . or ["},
      {"a]", 1, "expected . or ["},
      {"@", 0, "expected a name"},
      {" a", 0, "expected a name"},
  };
  for (const auto& [path, position, message] : cases) {
    const auto parsed = JsonPath::parse(path);
    ASSERT_FALSE(parsed.ok()) << path;
    EXPECT_THAT(parsed.error().message(), HasSubstr(message)) << path;
    EXPECT_EQ(parsed.error().position(), position) << path;
  }
}

TEST(JsonPath, NamesMany) {
  EXPECT_TRUE(JsonPath::parse("results[*]")->names_many());
  EXPECT_TRUE(JsonPath::parse("*")->names_many());
  EXPECT_FALSE(JsonPath::parse("results[0]['*']")->names_many());
  EXPECT_FALSE(JsonPath().names_many());
  EXPECT_EQ(JsonPath::parse("$.a")->text(), "$.a");
}

}  // namespace
}  // namespace leat::codec
