// What a query may take of memory, of the disk and of the answer.
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_directory.h"
#include "store/console/console.h"
#include "store/console/memory_bound.h"
#include "store/store.h"

namespace leat::store {
namespace {

constexpr uint64_t kMemory = 64 << 20;

class ConsoleMemory : public testing::Test {
 protected:
  void SetUp() override {
    files_ = directory_.path() / "pipelines";
    ASSERT_TRUE(real_file_system().create_directories(files_).ok());
    auto opened = Store::open(
        {.locked_to = files_, .memory_bytes = kMemory, .spill = directory_.path() / "spill"});
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    store_ = std::move(*opened);
    auto attached = store_->attach("a", files_ / "a.duckdb");
    ASSERT_TRUE(attached.ok()) << attached.error().to_string();
    a_ = std::move(*attached);
  }

  // "VmHWM" of the process, the most that it had.
  static uint64_t most_kilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      uint64_t kilobytes = 0;
      if (word == "VmHWM:" && status >> kilobytes) return kilobytes;
    }
    return 0;
  }

  TemporaryDirectory directory_;
  Path files_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Database> a_;
};

TEST_F(ConsoleMemory, TextsThatDuckDbDoesNotCountAreBounded) {
  if (!MemoryBound::works()) GTEST_SKIP() << "not with sanitizers";
  for (const char* sql :
       {"SELECT repeat('x', 50000000) FROM range(2000)",
        "SELECT sum(length(repeat('x', 50000000) || i)) FROM range(2000) t(i)",
        "SELECT length(repeat('x', 4000000000))", "SELECT list(i) FROM range(100000000) t(i)"}) {
    const auto result = run_console_query(*store_, sql);
    ASSERT_FALSE(result.ok()) << sql;
    EXPECT_NE(result.error().message().find("more memory than queries may take"), std::string::npos)
        << result.error().to_string();
  }
  EXPECT_LT(most_kilobytes(), 1'500'000u);
  const auto after = run_console_query(*store_, "SELECT 1");
  EXPECT_TRUE(after.ok()) << after.error().to_string();
}

TEST_F(ConsoleMemory, WhatDuckDbCountsGoesToTheDisk) {
  const auto result =
      run_console_query(*store_,
                        "SELECT count(DISTINCT s) FROM (SELECT repeat('x', 100) || i AS s FROM "
                        "range(3000000) t(i))");
  ASSERT_TRUE(result.ok()) << result.error().to_string();
  EXPECT_EQ(result->rows[0][0], "3000000");
}

TEST_F(ConsoleMemory, AValueHasABound) {
  const auto result =
      run_console_query(*store_, "SELECT repeat('x', 3000)", {.max_cell_bytes = 2000});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message().find("a text of 3000 bytes is too long"), std::string::npos);
}

TEST_F(ConsoleMemory, TheInstanceIsLocked) {
  auto connection = std::move(store_->connect()).value();
  for (const char* sql :
       {"COPY (SELECT 1) TO '/tmp/leat-must-not-be.csv'", "FROM read_text('/etc/hostname')",
        "SET threads = 2", "SET GLOBAL memory_limit = '1MB'", "INSTALL httpfs", "LOAD httpfs",
        "SET enable_external_access = true", "SET lock_configuration = false",
        "ATTACH '/tmp/leat-must-not-be.duckdb'", "EXPORT DATABASE '/tmp/leat-must-not-be'"}) {
    EXPECT_FALSE(connection->run(sql).ok()) << sql;
  }
  EXPECT_TRUE(connection->run("SET search_path = 'a.main'").ok());
}

}  // namespace
}  // namespace leat::store
