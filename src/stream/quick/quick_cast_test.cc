#include "stream/quick/quick_cast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

using testing::HasSubstr;
using testing::Not;

// What DuckDB makes of the text, as a text; nullopt when it makes nothing of it.
class QuickCastTest : public testing::Test {
 protected:
  std::optional<std::string> of_duckdb(const std::string& sql, const std::string& text) {
    auto statement = database_.connection->prepare(sql);
    if (!statement.ok()) {
      ADD_FAILURE() << statement.error().to_string();
      return std::nullopt;
    }
    statement->bind(1, text);
    auto result = statement->execute();
    if (!result.ok()) return std::nullopt;
    auto rows = result->texts();
    return rows.ok() && !rows->empty() ? (*rows)[0][0] : std::nullopt;
  }
  std::optional<std::string> timestamp_of_duckdb(const std::string& type, const std::string& text) {
    return of_duckdb("SELECT epoch_us(TRY_CAST($1::VARCHAR AS " + type + "))::VARCHAR", text);
  }
  std::optional<std::string> uuid_of_duckdb(const std::string& text) {
    return of_duckdb("SELECT TRY_CAST($1::VARCHAR AS UUID)::VARCHAR", text);
  }

  TestDatabase database_;
};

std::string text_of_uuid(duckdb_hugeint value) {
  const auto upper = static_cast<uint64_t>(value.upper) ^ uint64_t { 1 } << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", upper >> 32, (upper >> 16) & 0xffff,
                     upper & 0xffff, value.lower >> 48, value.lower & 0xffffffffffff);
}

// A few characters changed, dropped or added.
std::string changed(std::string text, std::mt19937& random) {
  constexpr std::string_view kCharacters = "0123456789-:.TZ tzabfAFg+\xc3";
  for (auto changes = random() % 4; changes > 0; --changes) {
    const size_t at = random() % (text.size() + 1);
    const char character = kCharacters[random() % kCharacters.size()];
    switch (random() % 4) {
      case 0:
        text.insert(at, 1, character);
        break;
      case 1:
        if (at < text.size()) text.erase(at, 1);
        break;
      default:
        if (at < text.size()) text[at] = character;
    }
  }
  return text;
}

TEST_F(QuickCastTest, TimestampsOfTheUsualForm) {
  EXPECT_EQ(quick_timestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(quick_timestamp("1992-03-08T15:13:16.688Z"), 700067596688000);
  EXPECT_EQ(quick_timestamp("1992-03-08 15:13:16.000001Z"), 700067596000001);
  EXPECT_EQ(quick_timestamp("1969-12-31T23:59:59.5Z"), -500000);
  EXPECT_EQ(quick_timestamp("2000-02-29T00:00:00Z"), 951782400000000);
  EXPECT_EQ(quick_timestamp("0001-01-01T00:00:00Z"), -62135596800000000);
}

TEST_F(QuickCastTest, LeavesOtherTextsToDuckDb) {
  for (const char* text :
       {"", "Z", "1992-03-08", "1992-03-08T15:13:16", "1992-03-08T15:13:16.Z",
        "1900-02-29T00:00:00Z", "1992-03-08T15:13:60Z", "1992-03-08T24:00:00Z",
        "0000-01-01T00:00:00Z", "1992-13-08T15:13:16Z", "1992-00-08T15:13:16Z",
        "1992-03-00T15:13:16Z", "1992-03-08T15:13:16.1234567Z", "1992-03-08T15:13:16+00:00",
        "1992-03-08t15:13:16Z", "1992-03-08T15:13:16z", " 1992-03-08T15:13:16Z",
        "1992-03-08T15:13:16Z ", "infinity"}) {
    EXPECT_EQ(quick_timestamp(text), std::nullopt) << text;
  }
  for (const char* text :
       {"", "7a0a95b73cd24c358e6b000000000000", "{7a0a95b7-3cd2-4c35-8e6b-000000000000}",
        "7a0a95b7-3cd2-4c35-8e6b-00000000000g", "7a0a95b7-3cd2-4c35-8e6b-00000000000",
        "7a0a95b7-3cd2-4c35-8e6b-0000000000000", "7a0a95b73-cd2-4c35-8e6b-000000000000"}) {
    EXPECT_EQ(quick_uuid(text), std::nullopt) << text;
  }
}

TEST_F(QuickCastTest, AgreesWithDuckDbOnChangedTexts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  int times = 0;
  int ids = 0;
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    std::string text = fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", random() % 3000,
                                   random() % 14, random() % 33, random() % 2 == 0 ? 'T' : ' ',
                                   random() % 26, random() % 62, random() % 62);
    if (random() % 2 == 0) text += fmt::format(".{}", random() % 10'000'000);
    text += 'Z';
    text = changed(std::move(text), random);
    if (const auto quick = quick_timestamp(text)) {
      ++times;
      EXPECT_EQ(timestamp_of_duckdb("TIMESTAMPTZ", text), std::to_string(*quick)) << text;
      EXPECT_EQ(timestamp_of_duckdb("TIMESTAMP", text), std::to_string(*quick)) << text;
    }
    const duckdb_hugeint bits = {
        .lower = uint64_t{random()} << 32 | random(),
        .upper = static_cast<int64_t>(uint64_t{random()} << 32 | random())};
    std::string id = text_of_uuid(bits);
    if (random() % 2 == 0) std::ranges::transform(id, id.begin(), ::toupper);
    id = changed(id, random);
    if (const auto quick = quick_uuid(id)) {
      ++ids;
      EXPECT_EQ(uuid_of_duckdb(id), text_of_uuid(*quick)) << id;
    }
  }
  EXPECT_GT(times, 300);
  EXPECT_GT(ids, 300);
}

TEST_F(QuickCastTest, StandsBeforeTheCastOfAString) {
  const TestRecords records(std::vector<std::string>{
      R"({"id":"7a0a95b7-3cd2-4c35-8e6b-000000000000","born":"1992-03-08T15:13:16Z","n":1})"});
  const auto sql_of = [&](const std::string& sql) {
    auto query = Query::parse(sql, *database_.connection);
    if (!query.ok()) return query.error().to_string();
    auto planned = plan(*query, records.inferred(), *database_.connection);
    return planned.ok() ? planned->quick.casts_sql : planned.error().to_string();
  };
  for (const char* sql :
       {"SELECT id::UUID AS a FROM t", "SELECT TRY_CAST(born AS TIMESTAMP) FROM t",
        "SELECT n FROM t WHERE born::TIMESTAMPTZ > '2000-01-01'",
        "SELECT * FROM (SELECT lower(id::UUID::VARCHAR) FROM t)"}) {
    EXPECT_THAT(sql_of(sql), HasSubstr("COALESCE(__leat_quick_")) << sql;
  }
  for (const char* sql :
       {"SELECT n::UUID AS a FROM t", "SELECT born::DATE FROM t",
        "SELECT lower(born)::TIMESTAMP FROM t", "SELECT * FROM t", "SELECT TRY(id::UUID) FROM t"}) {
    EXPECT_THAT(sql_of(sql), Not(HasSubstr("__leat_quick_"))) << sql;
  }
}

}  // namespace
}  // namespace leat::stream
