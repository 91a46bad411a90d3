#include "node/requests/record_json.h"

#include <gtest/gtest.h>

namespace leat::node {
namespace {

std::string json_of(std::optional<std::string> key, std::optional<std::string> value) {
  if (value) value->append(log::FetchedRecords::kReadablePadding, '\0');
  log::RecordView record{.offset = 17, .timestamp_ms = 1'795'253'400'123};
  if (key) record.key = *key;
  if (value) {
    record.value =
        std::string_view(*value).substr(0, value->size() - log::FetchedRecords::kReadablePadding);
  }
  std::string line;
  append_record_json(line, 3, record);
  return line;
}

constexpr const char* kHead =
    R"({"partition":3,"offset":17,"timestamp":"2026-11-21T09:30:00.123Z",)";

TEST(RecordJson, AJsonValueStaysAsItIs) {
  EXPECT_EQ(json_of("k", R"({ "a":1.50 })"),
            std::string(kHead) + R"("key":"k","value":{ "a":1.50 }})");
  EXPECT_EQ(json_of({}, "12345678901234567890"),
            std::string(kHead) + R"("key":null,"value":12345678901234567890})");
}

TEST(RecordJson, AnyOtherValueIsAText) {
  EXPECT_EQ(json_of({}, "not \"JSON\""),
            std::string(kHead) + R"("key":null,"value":"not \"JSON\""})");
  EXPECT_EQ(json_of({}, ""), std::string(kHead) + R"("key":null,"value":""})");
}

TEST(RecordJson, AValueOnSeveralLinesStaysOneLine) {
  const auto line = json_of({}, "{\n\"a\":1}");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line, std::string(kHead) + R"("key":null,"value":"{\n\"a\":1}"})");
}

TEST(RecordJson, ATombstoneIsNull) {
  EXPECT_EQ(json_of("k\n", {}), std::string(kHead) + R"("key":"k\n","value":null})");
}

}  // namespace
}  // namespace leat::node
