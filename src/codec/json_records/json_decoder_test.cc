#include "codec/json_records/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json_records/test_chunk.h"

namespace leat::codec {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Projection all_text(std::vector<std::string> names) {
  Projection projection;
  for (std::string& name : names) {
    projection.root.fields.push_back({std::move(name), {.kind = TypeKind::kVarchar}});
  }
  return projection;
}

TEST(JsonDecoder, DecodesEveryKindOfValue) {
  const std::string record =
      R"({"b":true,"i":-42,"h":18446744073709551616,"d":2.5,"s":"short","t":"longer than twelve bytes",)"
      R"("o":{"x":1,"y":{"z":null,"w":"é"}},"l":[1,null,3],"ls":[{"k":1},{"k":2,"m":"x"}],"ll":[[1],[],null,[2,3]]})";
  TestChunk chunk(project({record}));
  ASSERT_EQ(chunk.decode(record).message, "");
  EXPECT_EQ(chunk.last(),
            "b=true i=-42 h=18446744073709551616 d=2.5 s=short t=longer than twelve bytes "
            "o={x: 1, y: {z: NULL, w: é}} l=[1, NULL, 3] ls=[{k: 1, m: NULL}, {k: 2, m: x}] "
            "ll=[[1], [], NULL, [2, 3]]");
}

TEST(JsonDecoder, AbsentAndNullAreNullAllTheWayDown) {
  TestChunk chunk(project({R"({"a":1,"o":{"x":{"y":"s"},"l":[1]},"l":["a"]})"}));
  ASSERT_EQ(chunk.decode("{}").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL o=NULL l=NULL");
  ASSERT_EQ(chunk.decode(R"({"o":null,"l":null,"a":null})").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL o=NULL l=NULL");
  ASSERT_EQ(chunk.decode(R"({"o":{"x":null}})").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL o={x: NULL, l: NULL} l=NULL");
  ASSERT_EQ(chunk.decode(R"({"a":2,"o":{"x":{"y":"t"}},"l":[]})").message, "");
  EXPECT_EQ(chunk.last(), "a=2 o={x: {y: t}, l: NULL} l=[]");
}

TEST(JsonDecoder, CountsTheFieldsThatAreLeftOut) {
  TestChunk all(project({R"({"id":1,"o":{"x":1}})"}));
  const std::string record =
      R"({"id":1,"ID":2,"":3,"a::Text":4,"a\u0000b":5,"__Leat_row":6,"o":{"x":1,"X":2}})";
  ASSERT_EQ(all.decode(record).message, "");
  ASSERT_EQ(all.decode(record).message, "");
  EXPECT_EQ(all.decode(R"({"ID":3,"new":1})").status, DecodeStatus::kMisfit);
  EXPECT_EQ(all.decode(R"({"ID":3,)").status, DecodeStatus::kMalformed);
  EXPECT_EQ(all.last(), "id=NULL o=NULL");
  const LeftOutFields left_out = all.take_left_out();
  std::vector<std::string> paths;
  for (const auto& [path, field] : left_out) {
    paths.push_back(path);
    EXPECT_EQ(field.times, 2u) << path;
  }
  EXPECT_THAT(paths, testing::UnorderedElementsAre("ID", "\"\"", "a::Text", std::string("a\0b", 3),
                                                   "__Leat_row", "o.X"));
  EXPECT_EQ(left_out.at("o.X").reason, "SQL cannot tell it from `x`");
  EXPECT_TRUE(all.take_left_out().empty());

  TestChunk one({.root = inferred({R"({"id":1})"}).root});
  ASSERT_EQ(one.decode(R"({"id":1,"Id":2,"other":3,"__leat_x":4})").message, "");
  EXPECT_EQ(one.take_left_out().size(), 1u) << "what nearly is the field that was asked for";
}

TEST(JsonDecoder, FieldsBeyondTheMostAreLeftOut) {
  std::string record = "{\"k\":1";
  for (size_t i = 0; i < kMaxFields + 5; ++i) record += fmt::format(",\"k{}\":1", i);
  TestChunk chunk(project({record + "}"}));
  ASSERT_EQ(chunk.decode(record + "}").message, "");
  const LeftOutFields left_out = chunk.take_left_out();
  EXPECT_EQ(left_out.size(), 6u);
  EXPECT_EQ(left_out.begin()->second.reason,
            fmt::format("a record has {} fields at most", kMaxFields));
}

TEST(JsonDecoder, KeysComeInAnyOrderAndChangeIt) {
  TestChunk chunk(project({R"({"a":1,"b":2,"c":3})"}));
  const char* const records[] = {R"({"a":1,"b":2,"c":3})",
                                 R"({"c":3,"b":2,"a":1})",
                                 R"({"b":2,"a":1})",
                                 R"({"b":2,"c":3,"a":1})",
                                 R"({"c":3})",
                                 R"({"a":1,"c":3,"b":2})"};
  const char* const rows[] = {"a=1 b=2 c=3", "a=1 b=2 c=3",       "a=1 b=2 c=NULL",
                              "a=1 b=2 c=3", "a=NULL b=NULL c=3", "a=1 b=2 c=3"};
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < std::size(records); ++i) {
      ASSERT_EQ(chunk.decode(records[i]).message, "");
      EXPECT_EQ(chunk.last(), rows[i]) << records[i];
    }
  }
}

TEST(JsonDecoder, DecodesWhatIsProjectedOnly) {
  Projection projection;
  projection.root.fields = {{"b", {.kind = TypeKind::kBigint}}};
  TestChunk chunk(projection);
  ASSERT_EQ(chunk.decode(R"({"a":{"b":[1,{"b":7}]},"b":5,"c":"new, and of no matter"})").message,
            "");
  EXPECT_EQ(chunk.last(), "b=5");
}

TEST(JsonDecoder, NoColumnsStillCheckTheRecord) {
  TestChunk chunk(Projection{});
  EXPECT_EQ(chunk.decode(R"({"a":1})").status, DecodeStatus::kDecoded);
  EXPECT_EQ(chunk.decode(R"({"a":1)").status, DecodeStatus::kMalformed);
  EXPECT_EQ(chunk.decode(R"({"a":[1 2]})").status, DecodeStatus::kMalformed);
}

TEST(JsonDecoder, TextTakesAnyTokenAsItIs) {
  TestChunk chunk(all_text({"v"}));
  const std::pair<const char*, const char*> cases[] = {
      {R"("a\n\"\u00e9\ud83d\ude00\/")", "a\n\"é😀/"},
      {"12.50", "12.50"},
      {"1E5", "1E5"},
      {"1e400", "1e400"},
      {"-0", "-0"},
      {"true", "true"},
      {"123456789012345678901234567890123456789012", "123456789012345678901234567890123456789012"},
      {R"({ "a" : [1, 2] })", R"({ "a" : [1, 2] })"},
      {"[ ]", "[ ]"},
      {R"([{"x":"\n"}])", R"([{"x":"\n"}])"},
      {R"("")", ""},
      {R"("exactly12byt")", "exactly12byt"},
      {R"("thirteen byte")", "thirteen byte"},
      {"null", "NULL"},
  };
  for (const auto& [token, text] : cases) {
    ASSERT_EQ(chunk.decode("{\"v\" : " + std::string(token) + " \n}").message, "") << token;
    EXPECT_EQ(chunk.last(), "v=" + std::string(text));
  }
  ASSERT_EQ(chunk.decode(R"({"v":"a\u0000b"})").message, "");
  EXPECT_EQ(chunk.last(), std::string("v=a\0b", 5));
}

TEST(JsonDecoder, DeclaredTypesAreText) {
  auto schema = TopicSchema::from_declaration(R"({"id":"UUID","when":["TIMESTAMPTZ"]})");
  ASSERT_TRUE(schema.ok());
  TestChunk chunk({.root = schema->root});
  ASSERT_EQ(chunk.decode(R"({"id":"x","when":[1,"2020-01-01",null]})").message, "");
  EXPECT_EQ(chunk.last(), "id=x when=[1, 2020-01-01, NULL]");
}

TEST(JsonDecoder, TextSiblings) {
  Projection projection;
  Type inner{
      .kind = TypeKind::kStruct,
      .fields = {{"n::text", {.kind = TypeKind::kVarchar}}, {"n", {.kind = TypeKind::kBigint}}}};
  projection.root.fields = {{"a", {.kind = TypeKind::kDouble}},
                            {"a::text", {.kind = TypeKind::kVarchar}},
                            {"b::text", {.kind = TypeKind::kVarchar}},
                            {"o", inner}};
  TestChunk chunk(projection);
  ASSERT_EQ(chunk.decode(R"({"a":1.50,"b":"\u0041","o":{"n":7}})").message, "");
  EXPECT_EQ(chunk.last(), "a=1.5 a::text=1.50 b::text=A o={n::text: 7, n: 7}");
  ASSERT_EQ(chunk.decode(R"({"a":null,"b":[1, 2],"o":{}})").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL a::text=NULL b::text=[1, 2] o={n::text: NULL, n: NULL}");
  ASSERT_EQ(chunk.decode(R"({"b":null,"o":null})").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL a::text=NULL b::text=NULL o=NULL");
}

TEST(JsonDecoder, LastDuplicateWins) {
  TestChunk chunk(project({R"({"a":1,"o":{"x":1,"y":"why"},"l":[1]})"}));
  ASSERT_EQ(
      chunk.decode(R"({"a":1,"a":2,"o":{"x":1,"y":"a"},"o":{"y":"b"},"l":[1,2],"l":[3]})").message,
      "");
  EXPECT_EQ(chunk.last(), "a=2 o={x: NULL, y: b} l=[3]");
  ASSERT_EQ(chunk.decode(R"({"a":1,"a":null,"o":{"x":1},"o":null,"l":[1],"l":null})").message, "");
  EXPECT_EQ(chunk.last(), "a=NULL o=NULL l=NULL");
  ASSERT_EQ(chunk.decode(R"({"a":null,"a":1,"o":null,"o":{"x":1},"l":null,"l":[1]})").message, "");
  EXPECT_EQ(chunk.last(), "a=1 o={x: 1, y: NULL} l=[1]");
  // The first of two need not fit.
  ASSERT_EQ(chunk.decode(R"({"a":"text","o":{"x":"text"},"a":1,"o":{"x":2}})").message, "");
  EXPECT_EQ(chunk.last(), "a=1 o={x: 2, y: NULL} l=NULL");
  EXPECT_EQ(chunk.decode(R"({"a":"text","o":{"x":[]},"a":1})").message,
            "o.x is a list, not a BIGINT");
}

TEST(JsonDecoder, MisfitsSayWhatAndWhere) {
  TestChunk chunk(project(
      {R"({"b":true,"i":1,"h":18446744073709551616,"d":1.5,"o":{"x":{"y":1}},"l":[1],"n":null,"e":{},"ls":[{"k":1}]})"}));
  const std::pair<const char*, const char*> cases[] = {
      {R"({"b":1})", "b is the number 1, not a BOOLEAN"},
      {R"({"b":"true"})", "b is a string, not a BOOLEAN"},
      {R"({"i":"1"})", "i is a string, not a BIGINT"},
      {R"({"i":1.0})", "i is the number 1.0, not a BIGINT"},
      {R"({"i":1e2})", "i is the number 1e2, not a BIGINT"},
      {R"({"i":true})", "i is a boolean, not a BIGINT"},
      {R"({"i":9223372036854775808})", "i is the number 9223372036854775808, not a BIGINT"},
      {R"({"i":{}})", "i is an object, not a BIGINT"},
      {R"({"h":1.5})", "h is the number 1.5, not a HUGEINT"},
      {R"({"h":170141183460469231731687303715884105728})",
       "h is the number 170141183460469231731687303715884105728, not a HUGEINT"},
      {R"({"d":1e400})", "d is the number 1e400, not a DOUBLE"},
      {R"({"d":-1e309})", "d is the number -1e309, not a DOUBLE"},
      {R"({"d":"NaN"})", "d is a string, not a DOUBLE"},
      {R"({"o":1})", "o is the number 1, not an object"},
      {R"({"o":{"x":[]}})", "o.x is a list, not an object"},
      {R"({"o":{"x":{"y":"s"}}})", "o.x.y is a string, not a BIGINT"},
      {R"({"o":{"new key":1}})", "o.new key is a new field"},
      {R"({"a.b":1})", "\"a.b\" is a new field"},
      {R"({"o":{"x":{"z":null}}})", "o.x.z is a new field"},
      {R"({"l":1})", "l is the number 1, not a list"},
      {R"({"l":[1,"s"]})", "l[] is a string, not a BIGINT"},
      {R"({"n":1})", "n is the number 1, where only null was seen so far"},
      {R"({"e":{"k":null}})", "e.k is a new field"},
      {R"({"e":[]})", "e is a list, not an object"},
      {R"({"ls":[{"k":1},{"q":1}]})", "ls[].q is a new field"},
  };
  for (const auto& [record, message] : cases) {
    const DecodeOutcome outcome = chunk.decode(record);
    EXPECT_EQ(outcome.status, DecodeStatus::kMisfit) << record;
    EXPECT_EQ(outcome.message, message) << record;
    EXPECT_EQ(chunk.last(), "b=NULL i=NULL h=NULL d=NULL o=NULL l=NULL n=NULL e=NULL ls=NULL");
  }
  ASSERT_EQ(chunk.decode(R"({"n":null,"e":{ },"d":12,"h":1})").message, "");
  EXPECT_EQ(chunk.last(), "b=NULL i=NULL h=1 d=12 o=NULL l=NULL n=NULL e={ } ls=NULL");
}

TEST(JsonDecoder, WholeIsPerStruct) {
  Projection projection{.root = inferred({R"({"a":{"x":1},"b":{"x":1},"l":[{"x":1}]})"}).root};
  projection.whole = {"b", "l"};
  TestChunk chunk(projection);
  EXPECT_EQ(chunk.decode(R"({"new":1,"a":{"new":1},"b":{"x":1},"l":[]})").message, "");
  EXPECT_EQ(chunk.decode(R"({"b":{"new":1}})").message, "b.new is a new field");
  EXPECT_EQ(chunk.decode(R"({"l":[{"new":1}]})").message, "l[].new is a new field");
}

TEST(JsonDecoder, KeysThatDuckdbHasNoPlaceForAreNoMisfit) {
  TestChunk chunk(project({R"({"name":1})"}));
  ASSERT_EQ(chunk.decode(R"({"name":1,"Name":2,"":3,"name::text":4,"a\u0000b":5})").message, "");
  EXPECT_EQ(chunk.last(), "name=1");
}

TEST(JsonDecoder, EscapedKeysAreTheSameKeys) {
  TestChunk chunk(project({R"({"name":1,"q\"":2,"new\nline":{"é":3}})"}));
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(chunk.decode(R"({"n\u0061me":7,"q\u0022":8,"new\u000aline":{"\u00e9":9}})").message,
              "");
    EXPECT_EQ(chunk.last(), "name=7 q\"=8 new\nline={é: 9}");
  }
  EXPECT_EQ(chunk.decode(R"({"n\xme":7})").status, DecodeStatus::kMalformed);
  EXPECT_EQ(chunk.decode(R"({"\ud800":7})").status, DecodeStatus::kMalformed);
}

TEST(JsonDecoder, MalformedSaysWhere) {
  TestChunk chunk(project({R"({"a":1,"s":"x","l":[{"k":[1]}]})"}));
  const std::pair<std::string, const char*> cases[] = {
      {"", "not JSON: there is nothing in it at byte 0"},
      {"  ", "not JSON: there is nothing in it at byte 2"},
      {"{", "not JSON: the text ends too early at byte 1"},
      {R"({"a":1)", "not JSON: the text ends too early at byte 6"},
      {R"({"a":1]})", "not JSON: expected ',' or '}' at byte 6"},
      {R"({"a" 1})", "not JSON: expected ':' at byte 5"},
      {R"({"a":1,})", "not JSON: expected a key in double quotes at byte 7"},
      {R"({a:1})", "not JSON: expected a key in double quotes at byte 1"},
      {R"({"a":1} x)", "not JSON: text after the end at byte 8"},
      {R"({"a":1}{"a":2})", "not JSON: text after the end at byte 7"},
      {R"({"a":01})", "not JSON: a number that JSON does not have at byte 5"},
      {R"({"a":NaN})", "not JSON: expected a value at byte 5"},
      {R"({"x":-Infinity})", "not JSON: a number that JSON does not have at byte 5"},
      {R"({"x":tru})", "not JSON: expected a value at byte 5"},
      {R"({"x":"a" "b"})", "not JSON: expected ',' or '}' at byte 9"},
      {R"({"x":"a"b})", "not JSON: expected ',' or '}' at byte 8"},
      {R"({"x":1"b"})", "not JSON: expected ',' or '}' at byte 6"},
      {R"({"x":"abc)", "not JSON: a string that does not end at byte 5"},
      {R"({"x":"\q"})", "not JSON: an escape that JSON does not have at byte 6"},
      {R"({"x":"\ud83d"})", "not JSON: a \\u that is no character at byte 6"},
      {R"({"x":"\ude00"})", "not JSON: a \\u that is no character at byte 6"},
      {R"({"x":"\u12"})", "not JSON: a \\u that is no character at byte 6"},
      {"{\"x\":\"a\nb\"}", "not JSON: a control character in a string at byte 7"},
      {"{\"x\":\"a\xff\"}", "not JSON: a byte that is not UTF-8 at byte 7"},
      {"{\"x\":\"\xed\xa0\x80\"}", "not JSON: a byte that is not UTF-8 at byte 6"},
      {R"({"l":[{"k":[1}]]})", "not JSON: expected ',' or ']' at byte 13"},
      {R"({"l":[{"k":[1,]}]})", "not JSON: expected a value at byte 14"},
      {R"({"x":[1,,2]})", "not JSON: expected a value at byte 8"},
      {R"([{"a":1}])", "the record is not a JSON object"},
      {"12", "the record is not a JSON object"},
      {"null", "the record is not a JSON object"},
      {"\"{}\"", "the record is not a JSON object"},
      {"\xEF\xBB\xBF{}", "not JSON: expected a value at byte 0"},
      {std::string("{}\0", 3), "not JSON: text after the end at byte 2"},
      {"{\"a\":1\f}", "not JSON: a number that JSON does not have at byte 5"},
  };
  for (const auto& [record, message] : cases) {
    const DecodeOutcome outcome = chunk.decode(record);
    EXPECT_EQ(outcome.status, DecodeStatus::kMalformed) << record;
    EXPECT_EQ(outcome.message, message) << record;
  }
}

// Malformed wins over misfit: the schema cannot learn from what is not JSON.
TEST(JsonDecoder, MalformedAfterAMisfit) {
  TestChunk chunk(project({R"({"a":1})"}));
  EXPECT_EQ(chunk.decode(R"({"a":"s","new":{},"b":[})").status, DecodeStatus::kMalformed);
}

TEST(JsonDecoder, EveryPrefixIsMalformed) {
  const std::string record =
      R"({"a":-1.5e3,"s":"x\n\ud83d\ude00é","l":[true,{"k":[null]},"t"],"o":{}})";
  TestChunk chunk(project({record}));
  TestChunk skipping(all_text({"other"}));
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_EQ(chunk.decode(record.substr(0, size)).status, DecodeStatus::kMalformed) << size;
    EXPECT_EQ(skipping.decode(record.substr(0, size), 0).status, DecodeStatus::kMalformed) << size;
  }
  EXPECT_EQ(chunk.decode(record).status, DecodeStatus::kDecoded);
}

TEST(JsonDecoder, FailedRecordsLeaveTheirNeighboursAlone) {
  TestChunk chunk(project({R"({"a":1,"s":"x","l":[{"k":[1]}]})"}));
  ASSERT_EQ(chunk.decode(R"({"a":1,"s":"one","l":[{"k":[1,2]}]})").message, "");
  EXPECT_EQ(chunk.decode(R"({"a":2,"s":"two","l":[{"k":[3]},{"k":[4,5]},{"k":["x"]}]})").status,
            DecodeStatus::kMisfit);
  EXPECT_EQ(chunk.decode(R"({"a":2,"s":"two","l":[{"k":[3]},{"k":[4,5]},{"k":[}]})").status,
            DecodeStatus::kMalformed);
  EXPECT_EQ(chunk.list_size(2), 1);
  ASSERT_EQ(chunk.decode(R"({"a":4,"s":"four","l":[{"k":[6,null]},{"k":null}]})").message, "");
  EXPECT_EQ(chunk.row(0), "a=1 s=one l=[{k: [1, 2]}]");
  EXPECT_EQ(chunk.row(1), "a=NULL s=NULL l=NULL");
  EXPECT_EQ(chunk.row(2), "a=NULL s=NULL l=NULL");
  EXPECT_EQ(chunk.row(3), "a=4 s=four l=[{k: [6, NULL]}, {k: NULL}]");
  // A row that failed can be decoded again.
  ASSERT_EQ(chunk.decode(R"({"a":5,"s":"five","l":[]})", 1).message, "");
  EXPECT_EQ(chunk.row(1), "a=5 s=five l=[]");
  EXPECT_EQ(chunk.list_size(2), 3);
}

TEST(JsonDecoder, ChunksAreReused) {
  TestChunk chunk(project({R"({"a":1,"s":"x","l":[{"k":["long enough for the heap"]}]})"}));
  for (int batch = 0; batch < 3; ++batch) {
    for (int i = 0; i < 2048; ++i) {
      const std::string n = std::to_string(i);
      if (i % 3 == 0) {
        ASSERT_EQ(chunk.decode("{}").message, "");
      } else {
        ASSERT_EQ(
            chunk
                .decode(R"({"a":)" + n + R"(,"s":"a text that is long )" + n +
                        R"(","l":[{"k":["another one that is long )" + n + R"(",null]},null]})")
                .message,
            "");
      }
    }
    for (idx_t i = 0; i < 2048; ++i) {
      const std::string n = std::to_string(i);
      ASSERT_EQ(chunk.row(i), i % 3 == 0 ? "a=NULL s=NULL l=NULL"
                                         : "a=" + n + " s=a text that is long " + n +
                                               " l=[{k: [another one that is long " + n +
                                               ", NULL]}, NULL]");
    }
    chunk.reset();
  }
}

TEST(JsonDecoder, ListsGrow) {
  TestChunk chunk(project({R"({"l":[[1]],"s":[{"x":"a"}]})"}));
  std::string record = R"({"l":[)";
  std::string expected = "l=[";
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    record += (i > 0 ? ",[" : "[") + n + ",null," + n + "]";
    expected += (i > 0 ? ", [" : "[") + n + ", NULL, " + n + "]";
  }
  record += R"(],"s":[)";
  expected += "] s=[";
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    record += (i > 0 ? ",{\"x\":\"text that is long " : "{\"x\":\"text that is long ") + n + "\"}";
    expected += (i > 0 ? ", {x: text that is long " : "{x: text that is long ") + n + "}";
  }
  record += "]}";
  expected += "]";
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(chunk.decode(record).message, "");
    ASSERT_EQ(chunk.last(), expected);
  }
  ASSERT_EQ(chunk.row(0), expected);
}

TEST(JsonDecoder, DeepNestingIsRefusedWithoutRecursion) {
  TestChunk chunk(all_text({"v"}));
  const auto nested = [](size_t depth) {
    return R"({"v":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(chunk.decode(nested(1023)).status, DecodeStatus::kDecoded);
  const DecodeOutcome outcome = chunk.decode(nested(1024));
  EXPECT_EQ(outcome.status, DecodeStatus::kMalformed);
  EXPECT_EQ(outcome.message, "not JSON: nested deeper than 1024 levels at byte 1028");
  EXPECT_EQ(chunk.decode(nested(100'000)).status, DecodeStatus::kMalformed);
  EXPECT_EQ(chunk.decode(std::string(100'000, '[')).status, DecodeStatus::kMalformed);
  EXPECT_EQ(chunk.decode(R"({"v":)" + std::string(100'000, '{')).status, DecodeStatus::kMalformed);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"v":)";
  EXPECT_EQ(chunk.decode(objects).status, DecodeStatus::kMalformed);
}

TEST(JsonDecoder, HugeStrings) {
  TestChunk chunk(all_text({"v"}));
  const std::string text(100 << 20, 'x');
  ASSERT_EQ(chunk.decode(R"({"v":")" + text + "\"}").message, "");
  EXPECT_TRUE(chunk.last() == "v=" + text);
  EXPECT_EQ(chunk.decode(R"({"v":")" + text).status, DecodeStatus::kMalformed);
  ASSERT_EQ(chunk.decode(R"({"v":"small"})").message, "");
  EXPECT_EQ(chunk.last(), "v=small");
}

TEST(JsonDecoder, WhitespaceAnywhere) {
  TestChunk chunk(project({R"({"a":1,"s":"x","l":[1],"o":{"k":true}})"}));
  ASSERT_EQ(chunk
                .decode("\r\n\t {\n \"a\" \t:\r 1 ,\n\"s\" : \"x\" , \"l\" : [ 1 , 2 ] , \"o\" : "
                        "{ \"k\" : true } } \n\n")
                .message,
            "");
  EXPECT_EQ(chunk.last(), "a=1 s=x l=[1, 2] o={k: true}");
}

TEST(JsonDecoder, MapsDoNotFillMemoryWithKeys) {
  TestChunk chunk(all_text({"v"}));
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(chunk.decode("{\"key" + std::to_string(i) + "\":1,\"v\":2}", 0).message, "");
    ASSERT_EQ(chunk.row(0), "v=2");
  }
}

}  // namespace
}  // namespace leat::codec
