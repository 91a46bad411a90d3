#include "codec/topic_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json_records/test_chunk.h"

namespace leat::codec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string type_of(const std::vector<std::string>& values) {
  TopicSchema schema;
  for (const std::string& value : values) {
    const Padded padded("{\"v\":" + value + "}");
    const std::string_view view = padded.view();
    infer_json(schema, {&view, 1});
  }
  return schema.root.fields.at(0).type.duckdb_type();
}

TEST(Infer, Scalars) {
  EXPECT_EQ(type_of({"true"}), "BOOLEAN");
  EXPECT_EQ(type_of({"1"}), "BIGINT");
  EXPECT_EQ(type_of({"-9223372036854775808"}), "BIGINT");
  EXPECT_EQ(type_of({"9223372036854775808"}), "HUGEINT");
  EXPECT_EQ(type_of({"-170141183460469231731687303715884105727"}), "HUGEINT");
  EXPECT_EQ(type_of({"170141183460469231731687303715884105728"}), "VARCHAR");
  EXPECT_EQ(type_of({"1.0"}), "DOUBLE");
  EXPECT_EQ(type_of({"1e2"}), "DOUBLE");
  EXPECT_EQ(type_of({"1e-400"}), "DOUBLE");
  EXPECT_EQ(type_of({"1e400"}), "VARCHAR");
  EXPECT_EQ(type_of({"\"x\""}), "VARCHAR");
  EXPECT_EQ(type_of({"null"}), "VARCHAR");
}

TEST(Infer, Lattice) {
  EXPECT_EQ(type_of({"null", "1"}), "BIGINT");
  EXPECT_EQ(type_of({"1", "null"}), "BIGINT");
  EXPECT_EQ(type_of({"1", "9223372036854775808"}), "HUGEINT");
  EXPECT_EQ(type_of({"9223372036854775808", "1.5"}), "DOUBLE");
  EXPECT_EQ(type_of({"1.5", "1"}), "DOUBLE");
  EXPECT_EQ(type_of({"1.5", "1e400"}), "VARCHAR");
  EXPECT_EQ(type_of({"1", "\"SW1A 1AA\""}), "VARCHAR");
  EXPECT_EQ(type_of({"true", "1"}), "VARCHAR");
  EXPECT_EQ(type_of({"{}", "1"}), "VARCHAR");
  EXPECT_EQ(type_of({"{\"a\":1}", "[1]"}), "VARCHAR");
  EXPECT_EQ(type_of({"\"x\"", "{\"a\":1}"}), "VARCHAR");
}

TEST(Infer, StructsAndLists) {
  EXPECT_EQ(type_of({"{}"}), "VARCHAR");
  EXPECT_EQ(type_of({"{}", "{\"a\":1}"}), "STRUCT(\"a\" BIGINT)");
  EXPECT_EQ(type_of({"{\"a\":1}", "{\"b\":[]}", "{}"}), "STRUCT(\"a\" BIGINT, \"b\" VARCHAR[])");
  EXPECT_EQ(type_of({"{\"a\":{\"x\":1}}", "{\"a\":{\"x\":1.5,\"y\":null}}"}),
            "STRUCT(\"a\" STRUCT(\"x\" DOUBLE, \"y\" VARCHAR))");
  EXPECT_EQ(type_of({"[]"}), "VARCHAR[]");
  EXPECT_EQ(type_of({"[null,null]", "[1]"}), "BIGINT[]");
  EXPECT_EQ(type_of({"[1,\"x\"]"}), "VARCHAR[]");
  EXPECT_EQ(type_of({"[[1],[2.5]]"}), "DOUBLE[][]");
  EXPECT_EQ(type_of({"[{\"a\":1},{\"b\":2}]"}), "STRUCT(\"a\" BIGINT, \"b\" BIGINT)[]");
}

TEST(Infer, SaysWhetherAnythingChanged) {
  TopicSchema schema;
  const auto take = [&](std::string_view record) {
    const Padded padded(record);
    const std::string_view view = padded.view();
    return infer_json(schema, {&view, 1});
  };
  EXPECT_TRUE(take(R"({"a":1,"o":{"x":[1]}})"));
  EXPECT_FALSE(take(R"({"o":{"x":[2,null]},"a":null})"));
  EXPECT_TRUE(take(R"({"b":null})"));
  EXPECT_FALSE(take(R"({"b":null})"));
  EXPECT_TRUE(take(R"({"b":{}})"));
  EXPECT_TRUE(take(R"({"c":[]})"));
  EXPECT_FALSE(take(R"({"c":[],"b":{}})"));
  EXPECT_TRUE(take(R"({"a":"x"})"));
  EXPECT_FALSE(take(R"({"a":{"k":1}})"));
  for (const char* bad :
       {"", "{", "[1]", "null", R"({"z":1)", R"({"z":1}x)", R"({"z":01})", "{\"z\":\"\xff\"}"}) {
    EXPECT_FALSE(take(bad)) << bad;
  }
}

TEST(Infer, NamesAreExactButDuckdbHasOneOfEachCase) {
  const TopicSchema schema = inferred({R"({"Name":1,"name":"x","NAME":{},"é":1,"É":2})"});
  ASSERT_EQ(schema.root.fields.size(), 3);
  EXPECT_EQ(schema.root.fields[0].name, "Name");
  EXPECT_EQ(schema.root.fields[0].type.kind, TypeKind::kBigint);
  EXPECT_EQ(schema.root.field("name"), nullptr);
}

TEST(Infer, OddNames) {
  const TopicSchema schema = inferred(
      {R"({"":1,"a.b":2,"q\"t":3,"new\nline":4,"nul\u0000":5,"x::text":6," ":7,"[0]":8})"});
  EXPECT_EQ(Type(schema.root).duckdb_type(),
            "STRUCT(\"a.b\" BIGINT, \"q\"\"t\" BIGINT, \"new\nline\" BIGINT, \" \" BIGINT, \"[0]\" "
            "BIGINT)");
  EXPECT_THAT(schema.paths(), ElementsAre("\"a.b\"", "\"q\"\"t\"", "new\nline", " ", "\"[0]\""));
}

TEST(Infer, DepthIsBounded) {
  std::string record;
  for (int i = 0; i < 500; ++i) record += "{\"a\":";
  record += "1" + std::string(500, '}');
  const TopicSchema schema = inferred({record});
  const Type* type = &schema.root;
  size_t depth = 0;
  for (; type->kind == TypeKind::kStruct; ++depth) type = &type->fields.at(0).type;
  EXPECT_EQ(depth, kMaxDepth);
  EXPECT_EQ(type->kind, TypeKind::kVarchar);
  auto again = TopicSchema::from_json(schema.to_json());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(*again, schema);

  const TopicSchema lists =
      inferred({"{\"a\":" + std::string(500, '[') + std::string(500, ']') + "}"});
  EXPECT_TRUE(TopicSchema::from_json(lists.to_json()).ok());
}

TEST(Infer, MapsBecomeText) {
  TopicSchema schema;
  std::string all = "{\"fixed\":1";
  for (int i = 0; i < 1500; ++i) {
    const std::string key = "\"k" + std::to_string(i) + "\":1";
    all += "," + key;
    const Padded padded("{\"m\":{" + key + "},\"r\":1}");
    const std::string_view view = padded.view();
    infer_json(schema, {&view, 1});
  }
  EXPECT_EQ(schema.root.field("m")->type.kind, TypeKind::kVarchar);
  EXPECT_EQ(schema.root.field("r")->type.kind, TypeKind::kBigint);
  const TopicSchema wide = inferred({all + "}"});
  EXPECT_EQ(wide.root.fields.size(), 1501u);
  std::string wider = "{\"fixed\":1";
  for (size_t i = 0; i < kMaxFields + 7; ++i) wider += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_EQ(inferred({wider + "}"}).root.fields.size(), kMaxFields);
  EXPECT_EQ(inferred({"{\"m\":" + all + "}}"}).root.fields[0].type.kind, TypeKind::kVarchar);
}

TEST(Merged, IsCommutativeAssociativeAndIdempotentButForOrder) {
  std::vector<Type> types;
  for (const char* value : {"null", "true", "1", "18446744073709551616", "1.5", "\"x\"", "{}", "[]",
                            "{\"a\":1}", "{\"a\":null,\"b\":[1]}", "{\"a\":\"x\"}", "[1]", "[null]",
                            "[{\"a\":1}]", "[{\"b\":1.5}]", "[[true]]"}) {
    types.push_back(inferred({"{\"v\":" + std::string(value) + "}"}).root.fields[0].type);
  }
  const auto sorted = [](Type type, auto&& self) -> Type {
    for (Field& field : type.fields) field.type = self(field.type, self);
    for (Type& element : type.element) element = self(element, self);
    std::ranges::sort(type.fields, {}, &Field::name);
    return type;
  };
  for (const Type& a : types) {
    EXPECT_EQ(merged(a, a), a);
    for (const Type& b : types) {
      EXPECT_EQ(sorted(merged(a, b), sorted), sorted(merged(b, a), sorted));
      EXPECT_EQ(merged(merged(a, b), b), merged(a, b));
      for (const Type& c : types) {
        EXPECT_EQ(sorted(merged(merged(a, b), c), sorted), sorted(merged(a, merged(b, c)), sorted));
      }
    }
  }
}

TEST(Merged, RecordsStayRecords) {
  std::string wide = "{\"fixed\":1";
  for (size_t i = 0; i < kMaxMembers + 7; ++i) wide += ",\"k" + std::to_string(i) + "\":1";
  const TopicSchema schema = inferred({wide + "}"});
  EXPECT_EQ(merged(schema, inferred({R"({"fixed":1})"})), schema);
  EXPECT_EQ(merged(schema.root, schema.root).kind, TypeKind::kVarchar);
}

TEST(Merged, DeclaredStays) {
  const Type uuid{.kind = TypeKind::kDeclared, .declared = "UUID"};
  EXPECT_EQ(merged(uuid, Type{.kind = TypeKind::kBigint}), uuid);
  EXPECT_EQ(merged(Type{.kind = TypeKind::kStruct}, uuid), uuid);
  EXPECT_EQ(merged(Type{}, uuid), uuid);
}

TEST(TopicSchema, RoundTrip) {
  TopicSchema schema = inferred(
      {R"({"a":1,"b":[{"c":null,"d":[true]}],"q\"\n":{},"h":18446744073709551616,"s":"x","f":1.5})"});
  schema.root.fields.push_back({"id", {.kind = TypeKind::kDeclared, .declared = "DECIMAL(18, 2)"}});
  auto again = TopicSchema::from_json(schema.to_json());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(*again, schema);
  EXPECT_EQ(*TopicSchema::from_json(TopicSchema{}.to_json()), TopicSchema{});
}

TEST(TopicSchema, FromJsonRefuses) {
  for (const char* bad :
       {"", "{", "12", "\"BIGINT\"", "{}", R"({"struct":{}})", R"({"struct":[1]})",
        R"({"struct":[{"name":1,"type":"BIGINT"}]})", R"({"struct":[{"name":"a"}]})",
        R"({"struct":[{"name":"a","type":"TEXT"}]})", R"({"list":"BIGINT"})", R"({"declared":"X"})",
        R"({"struct":[{"name":"a","type":{"list":[]}}]})", R"({"struct":[],"list":"NULL"})"}) {
    EXPECT_FALSE(TopicSchema::from_json(bad).ok()) << bad;
  }
}

TEST(TopicSchema, Declaration) {
  auto schema = TopicSchema::from_declaration(
      R"j({"id":"UUID","login":{"uuid":"VARCHAR","n":"DECIMAL(10,2)"},"tags":["VARCHAR"],"items":[{"sku":"BIGINT"}],"e":"ENUM('a;b', 'c')"})j");
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  EXPECT_EQ(schema->root.duckdb_type(),
            "STRUCT(\"id\" VARCHAR, \"login\" STRUCT(\"uuid\" VARCHAR, \"n\" VARCHAR), \"tags\" "
            "VARCHAR[], "
            "\"items\" STRUCT(\"sku\" VARCHAR)[], \"e\" VARCHAR)");
  EXPECT_EQ(schema->root.shown_type(),
            "STRUCT(\"id\" UUID, \"login\" STRUCT(\"uuid\" VARCHAR, \"n\" DECIMAL(10,2)), \"tags\" "
            "VARCHAR[], \"items\" STRUCT(\"sku\" BIGINT)[], \"e\" ENUM('a;b', 'c'))");
  EXPECT_EQ(schema->root.fields[0].type, (Type{.kind = TypeKind::kDeclared, .declared = "UUID"}));
  EXPECT_EQ(schema->root.field("login")->type.field("uuid")->type.kind, TypeKind::kVarchar);
  EXPECT_THAT(schema->paths(), ElementsAre("id", "login", "login.uuid", "login.n", "tags", "items",
                                           "items[].sku", "e"));
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "expected a mapping of fields to types, not array"},
      {"{}", "declares no fields"},
      {R"({"a":1})", "`a` is declared as 1; expected the name of a DuckDB type"},
      {R"({"a":null})", "`a` is declared as null"},
      {R"({"a":{"b":""}})", "`a.b` is declared as \"\""},
      {R"({"a":["X","Y"]})", "`a` is a list: give it exactly one element"},
      {R"({"a":[]})", "`a` is a list"},
      {R"({"a":{}})", "`a` declares no fields"},
      {R"({"a":"X","A":"Y"})", "`A` and `a` are the same name in SQL"},
      {R"({"":"X"})", "cannot be the name of a field"},
      {R"({"a":"INT); DROP TABLE x; --"})", "`a` is declared as"},
      {R"({"a":"INT; DROP"})", "`a` is declared as"},
      {R"({"a":"DECIMAL(1"})", "`a` is declared as"},
      {R"j({"a":"ENUM('x)"})j", "`a` is declared as"},
  };
  for (const auto& [json, message] : cases) {
    const auto result = TopicSchema::from_declaration(json);
    ASSERT_FALSE(result.ok()) << json;
    EXPECT_THAT(result.error().message(), HasSubstr(message));
    EXPECT_EQ(result.error().domain(), ErrorDomain::kUser);
  }
  EXPECT_FALSE(TopicSchema::from_declaration("{\"a\":" + std::string(5000, '[') +
                                             std::string(5000, ']') + "}")
                   .ok());
}

}  // namespace
}  // namespace leat::codec
