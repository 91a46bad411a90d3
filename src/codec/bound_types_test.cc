#include "codec/bound_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "codec/json/number.h"
#include "codec/json_records/test_chunk.h"
#include "codec/record_format.h"

namespace leat::codec {
namespace {

using ::testing::HasSubstr;

// A query over all fields, with uses that differ from `passed on`.
class BoundTypesTest : public testing::Test {
 protected:
  BindingOutcome take(const std::string& record) {
    projection_.root = types_.root;
    projection_.whole = {""};
    const Padded padded(record);
    return default_format().bind(types_, &projection_, rules_, padded.view(), &numbers_);
  }
  Binding binding(const std::string& record) { return take(record).binding; }
  std::string type(const std::string& field) { return types_.root.field(field)->type.shown_type(); }
  TypeKind kind(const std::string& field) { return types_.root.field(field)->type.kind; }

  TopicSchema types_;
  TopicSchema numbers_;
  Projection projection_;
  BindingRules rules_;
};

TEST_F(BoundTypesTest, WhatIsPassedOnWidensWithoutALoss) {
  EXPECT_EQ(binding(R"({"a":1})"), Binding::kWider);
  EXPECT_EQ(binding(R"({"a":2})"), Binding::kNone);
  EXPECT_EQ(binding(R"({"a":0.5})"), Binding::kWider);
  EXPECT_EQ(type("a"), "DOUBLE");
  EXPECT_EQ(binding(R"({"a":9007199254740992})"), Binding::kNone);
  EXPECT_EQ(binding(R"({"a":9007199254740993})"), Binding::kWider);
  EXPECT_EQ(kind("a"), TypeKind::kNumberText);
  EXPECT_EQ(binding(R"({"a":1e400})"), Binding::kNone);
  EXPECT_EQ(binding(R"({"a":"x"})"), Binding::kWider);
  EXPECT_EQ(kind("a"), TypeKind::kMixed);
  EXPECT_EQ(binding(R"({"a":{"b":1}})"), Binding::kNone);

  EXPECT_EQ(binding(R"({"large":9007199254740993})"), Binding::kWider);
  EXPECT_EQ(type("large"), "BIGINT");
  EXPECT_EQ(binding(R"({"large":18446744073709551616})"), Binding::kWider);
  EXPECT_EQ(type("large"), "HUGEINT");
  EXPECT_EQ(binding(R"({"large":0.5})"), Binding::kWider);
  EXPECT_EQ(kind("large"), TypeKind::kNumberText);
}

TEST_F(BoundTypesTest, AnObjectThatBecomesATextHoldsFromThereOnly) {
  EXPECT_EQ(binding(R"({"a":{"b":1}})"), Binding::kWider);
  EXPECT_EQ(binding(R"({"a":{"c":1}})"), Binding::kWider);
  EXPECT_EQ(binding(R"({"a":"x"})"), Binding::kBound);
  EXPECT_EQ(kind("a"), TypeKind::kMixed);
}

TEST_F(BoundTypesTest, WhatIsComputedWithKeepsTheKindThatItHadFirst) {
  projection_.uses = {{"n", FieldUse::kTyped},
                      {"s", FieldUse::kTyped},
                      {"l", FieldUse::kTyped},
                      {"o", FieldUse::kTyped},
                      {"b", FieldUse::kTyped}};
  EXPECT_EQ(binding(R"({"n":1,"s":"x","l":[1],"o":{"a":1},"b":true})"), Binding::kBound);
  const std::vector<std::pair<std::string, std::string>> odd = {
      {R"({"n":"1"})", "`n`: expected a number, found the string \"1\""},
      {R"({"n":true})", "`n`: expected a number, found the boolean true"},
      {R"({"n":1e400})", "`n`: expected a number that a numeric type holds"},
      {R"({"s":7})", "`s`: expected a string, found the number 7"},
      {R"({"l":"n/a"})", "`l`: expected a list, found the string \"n/a\""},
      {R"({"l":[1,"x"]})", "`l[]`: expected a number, found the string \"x\""},
      {R"({"o":[1]})", "`o`: expected an object, found a list"},
      {R"({"o":{"a":"x"}})", "`o.a`: expected a number, found the string \"x\""},
      {R"({"b":0})", "`b`: expected a boolean, found the number 0"}};
  const TopicSchema before = types_;
  for (const auto& [record, message] : odd) {
    const auto outcome = take(record);
    EXPECT_EQ(outcome.binding, Binding::kRefused) << record;
    EXPECT_THAT(outcome.message, HasSubstr(message));
    EXPECT_THAT(outcome.message, HasSubstr("cast it in the query"));
    EXPECT_EQ(types_, before);
  }
  EXPECT_EQ(binding(R"({"n":null,"l":[null],"o":{"a":null}})"), Binding::kNone);
}

TEST_F(BoundTypesTest, NumbersAreOneKindAndEachRecordHasItsOwnTypes) {
  projection_.uses = {{"n", FieldUse::kTyped}, {"l", FieldUse::kTyped}};
  EXPECT_EQ(binding(R"({"n":1,"l":[1,2.5]})"), Binding::kBound);
  EXPECT_EQ(type("n"), "BIGINT");
  EXPECT_EQ(type("l"), "DOUBLE[]");
  const auto numbers = [&](const std::string& record) {
    EXPECT_EQ(binding(record), Binding::kNone) << record;
    return numbers_.root.duckdb_type();
  };
  EXPECT_EQ(numbers(R"({"n":2})"), R"(STRUCT("n" BIGINT, "l" DOUBLE[]))");
  EXPECT_EQ(numbers(R"({"n":2.5,"l":[1]})"), R"(STRUCT("n" DOUBLE, "l" BIGINT[]))");
  EXPECT_EQ(numbers(R"({"n":18446744073709551616,"l":[1,18446744073709551616]})"),
            R"(STRUCT("n" HUGEINT, "l" HUGEINT[]))");
  EXPECT_EQ(numbers(R"({"l":[1,18446744073709551616,0.5]})"),
            R"(STRUCT("n" BIGINT, "l" DOUBLE[]))");
}

TEST_F(BoundTypesTest, AKeyKeepsItsKindAndWidensInWhatKeepsNumbersApart) {
  rules_.keys = {"ID"};
  EXPECT_EQ(binding(R"({"id":1700000000000000001})"), Binding::kBound);
  EXPECT_EQ(binding(R"({"id":7.0})"), Binding::kWider);
  EXPECT_EQ(kind("id"), TypeKind::kNumberText);
  EXPECT_EQ(binding(R"({"id":"7"})"), Binding::kRefused);
}

TEST_F(BoundTypesTest, WhatIsNamedForItsMembersIsAnObject) {
  projection_.uses = {{"customer", FieldUse::kShape}};
  EXPECT_THAT(take(R"({"customer":"Ann"})").message,
              HasSubstr("`customer`: expected an object or a list, found the string \"Ann\""));
  EXPECT_EQ(binding(R"({"customer":{"name":"Ann"}})"), Binding::kBound);
  EXPECT_THAT(take(R"({"customer":"Ann"})").message, HasSubstr("expected an object"));
  EXPECT_EQ(binding(R"({"customer":{"name":7}})"), Binding::kWider);
}

TEST_F(BoundTypesTest, DeclaredTypesTakeThePlaceOfBoundOnes) {
  ASSERT_EQ(binding(R"({"id":1,"o":{"a":1,"b":2},"s":"x"})"), Binding::kWider);
  const auto declared =
      TopicSchema::from_declaration(R"({"id":"VARCHAR","o":{"a":"UUID"},"s":["INT"]})").value();
  types_ = declared_over(declared, types_);
  EXPECT_EQ(types_.root.field("o")->type.shown_type(), R"(STRUCT("a" UUID, "b" BIGINT))");
  EXPECT_EQ(type("s"), "INT[]");
  EXPECT_EQ(binding(R"({"id":{"any":"thing"}})"), Binding::kNone);
}

TEST_F(BoundTypesTest, ADeclaredListOrObjectStaysOne) {
  const auto declared =
      TopicSchema::from_declaration(R"({"tags":["BIGINT"],"o":{"c":"DATE","l":[["INT"]]}})")
          .value();
  types_ = declared_over(TopicSchema::from_json(declared.to_json()).value(), types_);
  EXPECT_THAT(take(R"({"tags":7})").message,
              HasSubstr("`tags`: declared as BIGINT[] in `schema:`, found the number 7"));
  for (const char* const record : {R"({"tags":{"z":1}})", R"({"tags":"x"})", R"({"o":"x"})",
                                   R"({"o":[1]})", R"({"o":{"l":[7]}})", R"({"o":{"l":true}})"}) {
    EXPECT_EQ(binding(record), Binding::kRefused) << record;
  }
  EXPECT_EQ(binding(R"({"tags":[1],"o":{"c":"2024-02-30","l":[]}})"), Binding::kNone);
  EXPECT_EQ(binding(R"({"tags":null,"o":null})"), Binding::kNone);
}

TEST_F(BoundTypesTest, AnotherQueryFitsTheTypesToItsUses) {
  ASSERT_EQ(binding(R"({"n":1,"m":1,"d":0.5})"), Binding::kWider);
  ASSERT_EQ(binding(R"({"m":"x"})"), Binding::kWider);
  projection_.uses = {{"n", FieldUse::kTyped}, {"m", FieldUse::kTyped}, {"d", FieldUse::kTyped}};
  types_ = fitted(types_, projection_);
  EXPECT_EQ(kind("n"), TypeKind::kBigint);
  EXPECT_EQ(kind("m"), TypeKind::kNull);
  EXPECT_EQ(kind("d"), TypeKind::kNumberDouble);
  projection_.uses = {};
  types_ = fitted(types_, projection_);
  EXPECT_EQ(kind("d"), TypeKind::kDouble53);
}

TEST_F(BoundTypesTest, TheTypesAreStoredAsJson) {
  projection_.uses = {{"n", FieldUse::kTyped}, {"h", FieldUse::kTyped}};
  take(R"({"n":1.5,"h":18446744073709551616,"a":1,"b":0.5,"c":"x","d":1e400,"e":[{"f":true}]})");
  take(R"({"c":7})");
  EXPECT_EQ(TopicSchema::from_json(types_.to_json()).value(), types_);
}

TEST(NumberText, IsTheSameHoweverTheNumberIsWritten) {
  EXPECT_EQ(number_text("7"), "7");
  EXPECT_EQ(number_text("7.0"), "7");
  EXPECT_EQ(number_text("70e-1"), "7");
  EXPECT_EQ(number_text("-0"), "0");
  EXPECT_EQ(number_text("-0.0"), "0");
  EXPECT_EQ(number_text("9007199254740993"), "9007199254740993");
  EXPECT_EQ(number_text("1e400"), "1e400");
  EXPECT_EQ(number_text("0.1"), "0.1");
}

}  // namespace
}  // namespace leat::codec
