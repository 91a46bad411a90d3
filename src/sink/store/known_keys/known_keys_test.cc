#include "sink/store/known_keys/known_keys.h"

#include <gtest/gtest.h>

#include <random>

#include "sink/batch_for_test.h"
#include "sink/store/open_store_for_test.h"
#include "sink/store/table_writer.h"

namespace leat::sink {
namespace {

using store::RowBatch;
using test::batch;

// With what is known of the keys, without their rows, and without either a table holds the same,
// and the writer says the same of each batch.
class BothWaysTest : public test::OpenStoreTest, public testing::WithParamInterface<const char*> {
 protected:
  struct Way {
    std::string table;
    TableWriterOptions options;
    std::unique_ptr<TableWriter> writer;
  };

  void SetUp() override {
    ways_.push_back({"plain", {.known_keys = false, .located_rows = true, .large_table = 0}, {}});
    ways_.push_back({"known", {.known_keys = true, .located_rows = false, .large_table = 0}, {}});
    ways_.push_back({"located", {.known_keys = true, .located_rows = true, .large_table = 0}, {}});
    for (Way& way : ways_) {
      auto writer = TableWriter::create(*connection_, way.table, {"id"}, way.options);
      ASSERT_TRUE(writer.ok()) << writer.error().to_string();
      way.writer = std::make_unique<TableWriter>(std::move(*writer));
    }
  }

  RowBatch random_batch() {
    std::string values;
    std::vector<store::KeyDelete> deletes;
    const uint32_t operations = 1 + random_() % (random_() % 3 == 0 ? 200 : 20);
    for (uint32_t input = 0; input < operations; ++input) {
      const auto number = random_() % 300;
      if (random_() % 6 == 0) {
        deletes.push_back({input, random_() % 9 == 0 ? "no key" : std::to_string(number)});
        continue;
      }
      const std::string key = random_() % 40 == 0 ? "NULL" : std::to_string(number);
      values += fmt::format("{}({}, {}, {})", values.empty() ? "" : ", ", key, ++value_, input);
    }
    if (values.empty()) values = fmt::format("(1, {}, {})", ++value_, operations);
    RowBatch rows = batch(*connection_, fmt::format("SELECT {} AS id, v, input FROM "
                                                    "(VALUES {}) t(k, v, input)",
                                                    GetParam(), values));
    rows.deletes = std::move(deletes);
    return rows;
  }

  // What the writer says of a batch that is committed or not.
  std::string written(Way& way, const RowBatch& rows, bool commit) {
    if (!connection_->begin().ok()) return "no transaction";
    if (const auto ready = way.writer->prepare(rows.columns); !ready.ok()) {
      return ready.error().to_string();
    }
    const auto delivery = way.writer->write(rows);
    if (!delivery.ok()) return delivery.error().to_string();
    std::string said = fmt::format("{} in, {} out", delivery->inserted, delivery->removed);
    for (const RefusedRow& refused : delivery->refused) {
      said += fmt::format("\n{}: {}", refused.row, refused.message);
    }
    if (commit) return connection_->commit().ok() ? said : "no commit";
    connection_->rollback();
    return said;
  }

  std::string content(const Way& way) {
    return text("SELECT string_agg(id::VARCHAR || '=' || v, ' ' ORDER BY id) FROM " + way.table);
  }

  std::mt19937_64 random_;
  int value_ = 0;
  std::vector<Way> ways_;
};

TEST_P(BothWaysTest, TheSameRowsAndRefusals) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  random_.seed(seed);
  for (int n = 0; n < 90; ++n) {
    const RowBatch rows = random_batch();
    const bool commit = random_() % 4 != 0;
    const std::string plain = written(ways_[0], rows, commit);
    for (Way& way : ways_) {
      if (&way != ways_.data()) ASSERT_EQ(written(way, rows, commit), plain) << way.table;
    }
    if (n % 15 == 0) run("CHECKPOINT");
    if (n % 10 != 9) continue;
    const std::string there = content(ways_[0]);
    for (const Way& way : ways_) ASSERT_EQ(content(way), there) << way.table;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BothWaysTest,
                         testing::Values("k::INTEGER", "k::DOUBLE", "'a key of many bytes ' || k",
                                         "DATE '2026-01-01' + k::INTEGER"));

}  // namespace
}  // namespace leat::sink
