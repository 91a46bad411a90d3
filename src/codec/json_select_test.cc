#include "codec/json_select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json_records/test_chunk.h"

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
  for (const auto& [value, text] : *values) {
    EXPECT_FALSE(text.has_value());
    EXPECT_GE(value.data(), padded.view().data());
    EXPECT_LE(value.data() + value.size(), padded.view().data() + padded.view().size());
    texts.emplace_back(value);
  }
  return texts;
}

std::string text_of(std::string_view path, std::string_view json) {
  const Padded padded(json);
  std::string unescaped;
  auto text = select_text(*JsonPath::parse(path), padded.view(), unescaped);
  if (!text.ok()) return "error: " + text.error().message();
  return std::string(text->value_or("(none)"));
}

TEST(JsonSelect, TheValuesThatAPathNames) {
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

TEST(JsonSelect, OfMembersOfOneNameTheLast) {
  EXPECT_THAT(selected("a[*]", R"({"a":[1,2],"b":0,"a":[3]})"), ElementsAre("3"));
  EXPECT_THAT(selected("a.b", R"({"a":{"b":1,"b":2},"a":{"b":3,"b":4}})"), ElementsAre("4"));
  EXPECT_THAT(selected("a.b", R"({"a":{"b":1},"a":{}})"), ElementsAre("error: `a` has no `b`"));
  EXPECT_THAT(selected("a.b", R"({"a":7,"a":{"b":1}})"), ElementsAre("1"));
  EXPECT_THAT(selected("[*].a.b", R"([{"a":{"b":1}},{"a":{"b":2},"a":{"b":3}}])"),
              ElementsAre("1", "3"));
  EXPECT_THAT(selected("[*].a.b", R"([{"a":{}},{"a":{},"a":{"b":3}}])"),
              ElementsAre("error: `[*].a` has no `b`"));
  EXPECT_THAT(selected("a[-1].b", R"({"a":[{"b":1},{"b":2}],"a":[{"b":3},{"b":4},{"b":5}]})"),
              ElementsAre("5"));
}

TEST(JsonSelect, SaysWhatIsMissing) {
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

TEST(JsonSelect, ChecksTheWholeText) {
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

// The text found in passing beside each value; it is never another one than select_text gives.
std::vector<std::string> texts_beside(std::string_view path, std::string_view text_path,
                                      std::string_view json) {
  const Padded padded(json);
  const auto wanted = JsonPath::parse(text_path);
  const auto values = select(*JsonPath::parse(path), padded.view(), &*wanted);
  if (!values.ok()) return {"error: " + values.error().message()};
  std::vector<std::string> texts;
  for (const auto& [bytes, text] : *values) {
    texts.emplace_back(text.value_or("(none)"));
    const Padded alone(bytes);
    std::string unescaped;
    if (text) {
      EXPECT_EQ(select_text(*wanted, alone.view(), unescaped).value(), text);
    }
    EXPECT_EQ(checked_value(alone.view(), &*wanted)->text, text);
  }
  return texts;
}

TEST(JsonSelect, FindsATextInPassing) {
  EXPECT_THAT(texts_beside("r[*]", "a.b", R"({"r":[{"a":{"b":"x"}},{"z":[1],"a":{"b":17,"c":0}},
                                               {"a":{"b":1.50}},{"a":{"b":true }}],"n":{}})"),
              ElementsAre("x", "17", "(none)", "true"));
  EXPECT_THAT(texts_beside("$", "a", R"({"a":"x"})"), ElementsAre("x"));
  EXPECT_THAT(texts_beside("$", "a", R"({"\u0061":"x"})"), ElementsAre("x"));
  EXPECT_THAT(texts_beside("$", "a", R"({"a":1,"a":2})"), ElementsAre("2"));
  EXPECT_THAT(texts_beside("$", "a.b", R"({"a":{"b":1},"a":{"b":3}})"), ElementsAre("3"));
  EXPECT_THAT(texts_beside("[-1]", "a", R"([{"a":1},{"a":2}])"), ElementsAre("2"));
}

TEST(JsonSelect, AndLeavesTheRestToOthers) {
  for (const char* record :
       {R"({"a":"\n"})", R"({"a":null})", R"({"a":{}})", R"({"a":[1]})", R"({"b":1})", "[]", "7",
        R"("a")", R"({"a":1,"a":null})", R"({"a":1,"a":{}})"}) {
    EXPECT_THAT(texts_beside("$", "a", record), ElementsAre("(none)")) << record;
  }
  EXPECT_THAT(texts_beside("$", "a.b", R"({"a":{"b":1},"a":{}})"), ElementsAre("(none)"));
  EXPECT_THAT(texts_beside("$", "a[0]", R"({"a":[1]})"), ElementsAre("(none)"));
  for (const char* json : {R"({"a":nul})", R"({"a":01})", R"({"a":"\x"})", R"({"a":1}})"}) {
    EXPECT_THAT(texts_beside("$", "a", json), ElementsAre(HasSubstr("not JSON"))) << json;
  }
}

TEST(JsonSelect, CheckedValueIsTheWholeText) {
  const auto checked = [](std::string_view json) {
    const Padded padded(json);
    const auto value = checked_value(padded.view());
    return value.ok() ? std::string(value->bytes) : "error: " + value.error().message();
  };
  EXPECT_EQ(checked(" \t{\"a\" : [1, 2 ]}\r\n"), "{\"a\" : [1, 2 ]}");
  EXPECT_EQ(checked("\"x\\n\" "), "\"x\\n\"");
  EXPECT_EQ(checked("-1.5e3"), "-1.5e3");
  EXPECT_EQ(checked("[]"), "[]");
  EXPECT_EQ(checked("1 2"), "error: not JSON: text after the end at byte 2");
  EXPECT_EQ(checked("[1"), "error: not JSON: the text ends too early at byte 2");
  EXPECT_EQ(checked(""), "error: not JSON: there is nothing in it at byte 0");
}

TEST(JsonSelect, OneText) {
  EXPECT_EQ(text_of("a.b", R"({"a":{"b":"x\u00e9\n"}})"), "xé\n");
  EXPECT_EQ(text_of("a", R"({"a":12.50})"), "12.5");
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

}  // namespace
}  // namespace leat::codec
