#include "sink/hdfs/part_name.h"

#include <gtest/gtest.h>

namespace leat::sink {
namespace {

constexpr const char* kStore = "6f1a0d0e-7d0b-4c1e-9f4e-2f3b8c1d2e3f";

TEST(PartName, RoundTrip) {
  for (const char* stream : {"users", "task.raw_users", "a+b/c d%=é", "-", "_x"}) {
    const PartName name{7, 12, "my pipeline", stream, kStore};
    const auto parsed = PartName::parse(name.to_string());
    ASSERT_TRUE(parsed.has_value()) << name.to_string();
    EXPECT_EQ(parsed->from, 7u);
    EXPECT_EQ(parsed->to, 12u);
    EXPECT_EQ(parsed->pipeline, "my pipeline");
    EXPECT_EQ(parsed->stream, stream);
    EXPECT_EQ(parsed->store_id, kStore);
    EXPECT_EQ(name.to_string().find_first_of("/ ="), std::string::npos);
  }
  EXPECT_EQ((PartName{7, 12, "p", "s", kStore}).to_string(),
            std::string("part-000000000007-000000000012+p+s+") + kStore + ".parquet");
}

TEST(PartName, NamesOfPipelineAndStreamFit) {
  EXPECT_TRUE(fits_part_names("shop", std::string(100, 's')));
  EXPECT_FALSE(fits_part_names(std::string(100, 'p'), std::string(100, 's')));
  size_t longest = 0;
  while (fits_part_names("p", std::string(longest + 1, 's'))) ++longest;
  const PartName name{1, 2, "p", std::string(longest, 's'), kStore};
  EXPECT_LE(name.to_string().size() + std::string(".tmp").size(), 255u);
  EXPECT_GT(longest, 150u);
}

TEST(PartName, PassesOverOtherNames) {
  for (const char* name :
       {"", "part-", "users.parquet", "part-1-2+p+s.parquet", "part-2-1+p+s+i.parquet",
        "part-a-2+p+s+i.parquet", "part-1-2+p%4+s+i.parquet", "part-1-2+p%zz+s+i.parquet",
        "part-12+p+s+i.parquet", "part-1-2+p+s+i.parquet.tmp", "part-1-2+p+s+i+j.parquet"}) {
    EXPECT_FALSE(PartName::parse(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace leat::sink
