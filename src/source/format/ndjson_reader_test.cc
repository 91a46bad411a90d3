#include "source/format/ndjson_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leat::source {
namespace {

RecordPart read(std::string_view text, const PartLimits& limits = {}, ReadPosition at = {}) {
  auto part = make_ndjson_reader(make_memory_stream(text), at)->read(limits);
  EXPECT_TRUE(part.ok());
  return std::move(*part);
}

TEST(NdjsonReader, OneRecordALine) {
  const RecordPart part = read("\xEF\xBB\xBF{\"a\": 1}\r\n\n  [2] \n\"x\"\n7");
  ASSERT_EQ(part.records.size(), 4u);
  EXPECT_EQ(part.records[0].value, "{\"a\": 1}");
  EXPECT_EQ(part.records[1].value, "[2]");
  EXPECT_EQ(part.records[3].value, "7");
  EXPECT_TRUE(part.end);
  EXPECT_TRUE(part.rejected.empty());
}

TEST(NdjsonReader, KeysAreFoundInPassing) {
  auto reader = make_ndjson_reader(make_memory_stream(R"({"id": {"n": 7}}
{"id": {"n": "x"}, "more": [1]}
{"id": 7}
)"),
                                   {}, *codec::JsonPath::parse("id.n"));
  const auto part = reader->read({});
  ASSERT_TRUE(part.ok());
  ASSERT_EQ(part->records.size(), 3u);
  EXPECT_EQ(part->records[0].key, "7");
  EXPECT_EQ(part->records[1].key, "x");
  EXPECT_EQ(part->records[2].key, std::nullopt);
}

TEST(NdjsonReader, BadLinesAreRejectedWithTheirNumberAndBytes) {
  const RecordPart part = read("{}\n{\"a\":\n{} {}\n\xff\n{}\n");
  EXPECT_EQ(part.records.size(), 2u);
  ASSERT_EQ(part.rejected.size(), 3u);
  EXPECT_EQ(part.rejected[0].bytes, "{\"a\":");
  EXPECT_TRUE(part.rejected[0].error.starts_with("line 2: not valid JSON: "))
      << part.rejected[0].error;
  EXPECT_EQ(part.rejected[1].bytes, "{} {}");
  EXPECT_TRUE(part.rejected[2].error.starts_with("line 4: "));
}

TEST(NdjsonReader, PartsEndAtTheirLimitsAndResumeAnywhere) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += fmt::format("{{\"i\":{}}}\n", i) + (i % 7 == 0 ? "\nbad\n" : "");
  for (const PartLimits limits :
       {PartLimits{1, 1000}, PartLimits{64, 1000}, PartLimits{1 << 20, 3}}) {
    ReadPosition at;
    int next = 0;
    size_t rejected = 0;
    for (bool end = false; !end;) {
      const RecordPart part = read(text, limits, at);
      for (const auto& record : part.records)
        EXPECT_EQ(record.value, fmt::format("{{\"i\":{}}}", next++));
      rejected += part.rejected.size();
      ASSERT_TRUE(part.end || part.next.byte > at.byte);
      at = part.next;
      end = part.end;
    }
    EXPECT_EQ(next, 200);
    EXPECT_EQ(rejected, 29u);
    EXPECT_EQ(at.byte, text.size());
  }
}

TEST(NdjsonReader, ALineBeyondTheLimitIsOneRejectedRecord) {
  const std::string text = "{}\n\"" + std::string(kMaxRecordBytes + 100, 'x') + "\"\n{}\n";
  const RecordPart first = read(text);
  EXPECT_EQ(first.records.size(), 1u);
  const RecordPart second = read(text, {}, first.next);
  ASSERT_EQ(second.rejected.size(), 1u);
  EXPECT_EQ(second.rejected[0].bytes.size(), kRejectedBytes);
  EXPECT_TRUE(second.rejected[0].error.starts_with("line 2: longer than"))
      << second.rejected[0].error;
  const RecordPart third = read(text, {}, second.next);
  EXPECT_EQ(third.records.size(), 1u);
  EXPECT_TRUE(third.end);
}

TEST(NdjsonReader, AnEmptyFileHasNoRecords) {
  EXPECT_TRUE(read("").end);
  EXPECT_TRUE(read("\n\n").records.empty());
}

}  // namespace
}  // namespace leat::source
