#include "codec/record_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::codec {
namespace {

using ::testing::HasSubstr;

Result<std::string> key_of(const std::vector<std::string>& paths, const std::string& json) {
  LEAT_ASSIGN(const auto key, RecordKey::parse(paths));
  const std::string padded = json + std::string(64, '\0');
  std::string made = "of the record before";
  LEAT_ASSIGN(const auto text, key.of(std::string_view(padded).substr(0, json.size()), made));
  return std::string(text);
}

TEST(RecordKey, OfOnePathIsTheTextOfTheValue) {
  EXPECT_EQ(key_of({"id"}, R"({"id":"a"})").value(), "a");
  EXPECT_EQ(key_of({"id"}, R"({"id":17})").value(), "17");
  EXPECT_EQ(key_of({"id"}, R"({"id":"1.50"})").value(), "1.50");
  EXPECT_EQ(key_of({"id"}, R"({"id":"A"})").value(), "A");
  EXPECT_EQ(key_of({"id"}, R"({"id":""})").value(), "");
  EXPECT_EQ(key_of({"id"}, R"({"id":"\u00e9\n"})").value(), "é\n");
  EXPECT_EQ(key_of({"login.uuid"}, R"({"login":{"uuid":"u"}})").value(), "u");
}

TEST(RecordKey, OfSeveralPathsIsAListInTheirOrder) {
  const std::string json = R"({"b":2,"a":"x\"y"})";
  EXPECT_EQ(key_of({"a", "b"}, json).value(), R"(["x\"y","2"])");
  EXPECT_EQ(key_of({"b", "a"}, json).value(), R"(["2","x\"y"])");
}

// They are one row of a table, so that they have to come into one partition.
TEST(RecordKey, NumbersThatAreEqualAreOneKey) {
  for (const char* id : {"1", "1.0", "1e0", "10E-1"}) {
    EXPECT_EQ(key_of({"id"}, fmt::format(R"({{"id":{}}})", id)).value(), "1");
    EXPECT_EQ(key_of({"a", "id"}, fmt::format(R"({{"id":{},"a":"1.0"}})", id)).value(),
              R"(["1.0","1"])");
  }
  EXPECT_EQ(key_of({"id"}, R"({"id":-0})").value(), "0");
  EXPECT_EQ(key_of({"id"}, R"({"id":1.50})").value(), "1.5");
  EXPECT_EQ(key_of({"id"}, R"({"id":1700000000000000001})").value(), "1700000000000000001");
}

TEST(RecordKey, CompositesOfDifferentPartsDiffer) {
  EXPECT_NE(key_of({"a", "b"}, R"({"a":"x,y","b":"z"})").value(),
            key_of({"a", "b"}, R"({"a":"x","b":"y,z"})").value());
}

TEST(RecordKey, MissingOrNullPartIsAnError) {
  for (const char* json : {R"({"b":1})", R"({"a":null,"b":1})", R"({"b":1,"c":{"a":1}})"}) {
    const auto key = key_of({"b", "a"}, json);
    ASSERT_FALSE(key.ok()) << json;
    EXPECT_EQ(key.error().domain(), ErrorDomain::kUser);
    EXPECT_THAT(key.error().message(), HasSubstr("the record has no `a`"));
  }
}

TEST(RecordKey, AnObjectIsNoKey) {
  EXPECT_FALSE(key_of({"a"}, R"({"a":{"b":1}})").ok());
  EXPECT_FALSE(key_of({"a"}, R"({"a":[1]})").ok());
}

TEST(RecordKey, TheWholeRecordMustBeJson) {
  EXPECT_FALSE(key_of({"a"}, R"({"a":1,)").ok());
  EXPECT_FALSE(key_of({"a"}, R"({"a":1} x)").ok());
}

TEST(RecordKey, RefusesAPathThatIsNone) {
  EXPECT_FALSE(RecordKey::parse({"a["}).ok());
  EXPECT_TRUE(RecordKey::parse({}).value().empty());
}

}  // namespace
}  // namespace leat::codec
