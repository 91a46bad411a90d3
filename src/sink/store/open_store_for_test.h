// For tests: a pipeline's database as a store attaches it, and a connection to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/temporary_directory.h"
#include "store/store.h"

namespace leat::sink::test {

class OpenStoreTest : public testing::Test {
 protected:
  OpenStoreTest() { open(); }

  void open() {
    store_ = std::move(store::Store::open()).value();
    database_ = std::move(store_->attach("p", directory_.path() / "p.duckdb")).value();
    connection_ = std::move(database_->connect()).value();
  }
  void run(const std::string& sql) {
    const auto done = connection_->run(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().to_string();
  }
  // The first cell of the first row, or the error.
  std::string text(const std::string& sql) {
    auto result = connection_->query(sql);
    if (!result.ok()) return result.error().to_string();
    return result->texts().value().at(0).at(0).value_or("NULL");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Connection> connection_;
};

}  // namespace leat::sink::test
