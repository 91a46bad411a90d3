#include "source/http/content/partial_content.h"

#include <gtest/gtest.h>

namespace leat::source {
namespace {

TEST(PartialContent, IsRefusedUnlessItIsAllOrAPage) {
  const std::vector<std::tuple<std::string, bool, bool>> cases = {
      {"bytes 0-99/100", true, true},
      {"bytes 0-98/100", false, false},
      {"bytes 1-99/100", false, false},
      {"bytes 0-99/*", false, false},
      {"bytes", false, false},
      {"Bytes 0-0/1", true, true},
      {"items 0-24/100", false, true},
      {"0-24/*", false, true},
      {"", false, false},
  };
  for (const auto& [range, alone, page] : cases) {
    net::HttpResponse response;
    response.status = 206;
    if (!range.empty()) response.headers = {{"Content-Range", range}};
    EXPECT_EQ(check_partial(response, false).ok(), alone) << range;
    EXPECT_EQ(check_partial(response, true).ok(), page) << range;
  }
}

}  // namespace
}  // namespace leat::source
