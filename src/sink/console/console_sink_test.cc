#include "sink/console/console_sink.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "sink/batch_for_test.h"

namespace leat::sink {
namespace {

class ConsoleSinkTest : public testing::Test {
 protected:
  std::string printed(ConsoleFormat format, const store::RowBatch& rows) {
    char* text = nullptr;
    size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    ConsoleSink sink(out, format);
    EXPECT_TRUE(sink.prepare(rows.columns).ok());
    EXPECT_TRUE(sink.deliver({}, rows).ok());
    EXPECT_TRUE(sink.close().ok());
    std::fclose(out);
    std::string result(text, size);
    std::free(text);
    return result;
  }
  std::unique_ptr<store::Database> database_ = std::move(store::Database::open({})).value();
  std::unique_ptr<store::Connection> connection_ = std::move(database_->connect()).value();
};

TEST_F(ConsoleSinkTest, PrintsOneObjectALine) {
  auto rows = test::batch(*connection_,
                          "SELECT * FROM (VALUES (1, 'a\"b', DATE '2026-01-02', 0), (NULL, 'é', "
                          "NULL, 2)) t(\"i d\", s, d, input)");
  rows.deletes = {{1, "k\n"}, {3, "l"}};
  EXPECT_EQ(printed(ConsoleFormat::kNdjson, rows),
            "{\"i d\":1,\"s\":\"a\\\"b\",\"d\":\"2026-01-02\"}\n"
            "{\"__deleted\":\"k\\n\"}\n"
            "{\"i d\":null,\"s\":\"é\",\"d\":null}\n"
            "{\"__deleted\":\"l\"}\n");
}

TEST_F(ConsoleSinkTest, PrintsATable) {
  auto rows = test::batch(*connection_,
                          "SELECT 'é' AS a, 1 AS \"long name\", 'x\ny' AS c, 0 AS input UNION ALL "
                          "SELECT 'abc', NULL, repeat('é', 70), 1");
  rows.deletes = {{2, "7"}};
  std::string dots;
  for (int i = 0; i < 60; ++i) dots += "é";
  EXPECT_EQ(printed(ConsoleFormat::kTable, rows),
            "a    long name  c\n"
            "---  ---------  " +
                std::string(61, '-') +
                "\n"
                "é    1          x y\n"
                "abc  NULL       " +
                dots +
                "…\n"
                "deleted 7\n");
}

TEST_F(ConsoleSinkTest, PrintsNothingForAnEmptyEpoch) {
  store::RowBatch rows;
  rows.columns = {{"a", "INTEGER"}};
  EXPECT_EQ(printed(ConsoleFormat::kTable, rows), "");
  EXPECT_EQ(printed(ConsoleFormat::kNdjson, rows), "");
}

TEST_F(ConsoleSinkTest, SaysWhenItCannotPrint) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  ConsoleSink sink(full, ConsoleFormat::kNdjson);
  auto delivery = sink.deliver({}, test::batch(*connection_, "SELECT 1 AS a, 0 AS input"));
  ASSERT_FALSE(delivery.ok());
  EXPECT_EQ(delivery.error().code(), ErrorCode::kNoSpace);
  std::fclose(full);
}

}  // namespace
}  // namespace leat::sink
