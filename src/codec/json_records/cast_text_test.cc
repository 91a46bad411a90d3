#include "codec/json_records/cast_text.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/json/tokens.h"
#include "codec/json_records/test_chunk.h"

namespace leat::codec {
namespace {

const Type kLeaf{.kind = TypeKind::kVarchar};
const Type kRaw{.kind = TypeKind::kToken};

Type list_of(const Type& element) { return {.kind = TypeKind::kList, .element = {element}}; }
Type map_of(const Type& element) { return {.kind = TypeKind::kMap, .element = {element}}; }

std::string text(std::string_view json, const Type& shape) {
  const Padded padded(json);
  JsonTokens tokens;
  if (!tokens.scan(padded.view())) return "not JSON";
  JsonCursor cursor(tokens);
  std::string out;
  if (!append_cast_text(out, cursor, shape) || !cursor.at_end()) return "not JSON";
  return out;
}

TEST(CastText, KeepsEveryDigitAndQuotesWhatIsInside) {
  EXPECT_EQ(text(R"([1.50, "a\"b\\", null, {"x": [1.50]}, "\u00e9", "NULL"])", list_of(kLeaf)),
            R"(["1.50", "a\"b\\", NULL, "{\"x\": [1.50]}", "é", "NULL"])");
  EXPECT_EQ(text(R"(["x", 1])", list_of(kRaw)), R"(["\"x\"", "1"])");
  EXPECT_EQ(text("[[1], []]", list_of(list_of(kLeaf))), R"([["1"], []])");
  EXPECT_EQ(text("[]", list_of(kLeaf)), "[]");
}

TEST(CastText, TakesOfAStructTheFieldsThatItHas) {
  const Type shape{.kind = TypeKind::kStruct, .fields = {{"a", kLeaf}, {"B c", map_of(kLeaf)}}};
  EXPECT_EQ(text(R"({"x":[1],"b C":{"k":2},"a":1,"a":3})", shape),
            R"({"a": "3", "B c": {"k"="2"}})");
  EXPECT_EQ(text(R"({"A":1,"a":2,"A":3})", shape), R"({"a": "2"})");
  EXPECT_EQ(text("{}", shape), "{}");
}

TEST(CastText, OfAKeyThatAMapHasTwiceTheLastCounts) {
  EXPECT_EQ(text(R"({"k":1,"":2,"k":null})", map_of(kLeaf)), R"({"k"=NULL, ""="2"})");
}

TEST(CastText, OfAnotherKindIsTheTokensText) {
  EXPECT_EQ(text(R"("n/a")", list_of(kLeaf)), "n/a");
  EXPECT_EQ(text("7", map_of(kLeaf)), "7");
  EXPECT_EQ(text(R"({"a": 1})", list_of(kLeaf)), R"({"a": 1})");
  EXPECT_EQ(text(R"([[1], "x"])", list_of(map_of(kLeaf))), R"(["[1]", "x"])");
}

TEST(CastText, SaysWhatIsNotJson) {
  for (const char* const json : {"[1,]", R"({"a":1,})", "[tru]", R"(["\ud83d"])", "[1}"}) {
    EXPECT_EQ(text(json, list_of(kLeaf)), "not JSON") << json;
    EXPECT_EQ(text(json, map_of(kLeaf)), "not JSON") << json;
  }
}

}  // namespace
}  // namespace leat::codec
