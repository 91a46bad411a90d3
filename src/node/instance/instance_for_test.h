// For tests: a data directory of its own, and pipelines in it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "node/connectors/connectors.h"
#include "node/process/pipeline_process.h"
#include "store/query_for_test.h"

namespace leat::node::test {

class InstanceTest : public testing::Test {
 protected:
  InstanceTest() { restart(); }

  // The next process on the same directory.
  void restart() {
    process_.reset();
    instance_.reset();
    auto opened = Instance::open(data());
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    instance_ = std::move(*opened);
  }
  Path data() const { return directory_.path() / "data"; }

  // Writes a file beside the data directory.
  std::string write_file(const std::string& name, const std::string& content) {
    const Path path = directory_.path() / name;
    EXPECT_TRUE(real_file_system().replace_file(path, content).ok());
    return path.string();
  }

  void open_process(const std::string& yaml, const ProcessOptions& options = {}) {
    process_.reset();
    const std::string file = write_file("pipeline.yaml", yaml);
    auto loaded = config::load_pipeline(file, connector_catalogue(), {});
    for (const auto& problem : loaded.problems) ADD_FAILURE() << config::format_problem(problem);
    ASSERT_TRUE(loaded.pipeline);
    auto opened = PipelineProcess::open(*instance_, std::move(*loaded.pipeline), options);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    process_ = std::move(*opened);
  }

  void produce(const std::string& topic, const std::string& value) {
    ASSERT_TRUE(instance_->embedded_log().ensure_topic(topic, {}).ok());
    const log::NewRecord record{.key = {}, .value = value, .timestamp_ms = 1'000};
    const auto offset = instance_->embedded_log().produce({topic, 0}, {&record, 1});
    ASSERT_TRUE(offset.ok()) << offset.error().to_string();
  }

  // "key=value" of every record of a partition; "-" for what is not there.
  std::vector<std::string> records(const std::string& topic, int32_t partition = 0) {
    std::vector<std::string> texts;
    auto& log = instance_->embedded_log();
    const auto range = log.offsets({topic, partition});
    EXPECT_TRUE(range.ok()) << range.error().to_string();
    for (int64_t offset = 0; range.ok() && offset < range->end;) {
      const auto fetched = log.fetch({topic, partition}, offset, {});
      EXPECT_TRUE(fetched.ok()) << fetched.error().to_string();
      if (!fetched.ok()) break;
      for (const auto& record : fetched->records) {
        texts.push_back(std::string(record.key.value_or("-")) + "=" +
                        std::string(record.value.value_or("-")));
      }
      offset = fetched->next_offset;
    }
    return texts;
  }

  // Of a query on the pipeline's database.
  std::vector<std::string> rows(const std::string& pipeline, const std::string& sql) {
    auto store = instance_->pipeline_store(pipeline);
    EXPECT_TRUE(store.ok()) << store.error().to_string();
    if (!store.ok()) return {};
    auto connection = (*store)->database->connect();
    return store::test::lines_of(**connection, sql);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<PipelineProcess> process_;  // gone before the instance
};

}  // namespace leat::node::test
