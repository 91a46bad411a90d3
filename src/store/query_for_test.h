// For tests: what a query gives, as plain lines.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/database.h"

namespace leat::store::test {

// "1|abc|NULL" for each row.
inline std::vector<std::string> lines_of(Connection& connection, const std::string& sql) {
  auto result = connection.query(sql);
  EXPECT_TRUE(result.ok()) << result.error().to_string();
  std::vector<std::string> lines;
  if (!result.ok()) return lines;
  const auto texts = result->texts();
  for (const auto& row : texts.value()) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "|" : "") + row[i].value_or("NULL");
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace leat::store::test
