#include "sink/hdfs/hdfs_sink.h"

#include <gtest/gtest.h>

namespace leat::sink {
namespace {

Result<std::unique_ptr<Sink>> made(const Path& directory, const std::vector<std::string>& key) {
  return make_hdfs_sink(directory, {"store", "p", "s", 0, 0}, config::Node(), key, system_clock(),
                        real_file_system());
}

TEST(HdfsSink, RefusesWhatFilesCannotDo) {
  EXPECT_TRUE(made("data/users", {}).ok());
  for (const auto& refused :
       {made("data/users", {"id"}), made("data/[x]", {}), made("data/*", {})}) {
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser);
    EXPECT_EQ(refused.error().message().find("hdfs data/"), 0u);
  }
}

TEST(HdfsSink, DescribesItsKeys) {
  const config::Key key = hdfs_sink_key();
  EXPECT_EQ(key.name, "hdfs");
  for (const config::Key& option : key.value->keys) {
    EXPECT_TRUE(option.doc.ends_with('.')) << option.name;
    EXPECT_FALSE(option.default_text.empty()) << option.name;
  }
}

}  // namespace
}  // namespace leat::sink
