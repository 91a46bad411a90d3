#include "source/testing/pipeline_node.h"

#include <gtest/gtest.h>

#include <map>

#include "base/temporary_directory.h"
#include "config/pipeline.h"
#include "source/file/file_source.h"
#include "source/http/http_source.h"

namespace leat::source {
namespace {

config::LoadResult load(std::string_view connector, const std::string& yaml,
                        const std::map<std::string, std::string>& environment) {
  const TemporaryDirectory directory;
  const Path path = directory.path() / "p.yaml";
  const std::string text = fmt::format(
      "pipeline: p\nschedule: \"@daily\"\ntasks:\n  t:\n    {}: {}\n    into: {{topic: x}}\n",
      connector, yaml);
  EXPECT_TRUE(real_file_system().replace_file(path, text).ok());
  config::ConnectorCatalogue catalogue;
  catalogue.sources = {http_source_key(), file_source_key()};
  catalogue.targets = {{.key = {.name = "topic"}, .place = config::TargetPlace::kTopic}};
  config::LoadOptions options;
  options.environment = environment;
  return config::load_pipeline(path, catalogue, options);
}

}  // namespace

config::Node node_of(std::string_view connector, const std::string& yaml,
                     const std::map<std::string, std::string>& secrets) {
  const auto loaded = load(connector, yaml, secrets);
  for (const auto& problem : loaded.problems) ADD_FAILURE() << config::format_problem(problem);
  return loaded.pipeline ? loaded.pipeline->tasks.front().source : config::Node();
}

std::string refusal_of(std::string_view connector, const std::string& yaml) {
  std::string text;
  for (const auto& problem : load(connector, yaml, {}).problems) text += problem.message + "\n";
  return text;
}

}  // namespace leat::source
