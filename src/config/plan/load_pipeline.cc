#include "config/check/checker.h"
#include "config/node_data.h"
#include "config/pipeline.h"
#include "config/plan/file_hash.h"
#include "config/plan/frame.h"
#include "config/plan/plan_builder.h"
#include "config/problem_list.h"
#include "config/yaml/yaml_reader.h"

namespace leat::config {
namespace {

LoadResult failed(std::string message) {
  LoadResult result;
  result.problems.push_back({.location = {}, .message = std::move(message), .line = {}});
  return result;
}

Result<std::string> read_text(const Path& path) {
  LEAT_ASSIGN(auto file, real_file_system().open(path, OpenMode::kRead));
  LEAT_ASSIGN(const uint64_t size, file->size());
  // One byte more than may be there is enough to refuse a huge file.
  std::string text(std::min<uint64_t>(size, kMaxFileBytes + 1), '\0');
  LEAT_ASSIGN(const size_t read, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(read);
  return text;
}

void collect_names(const Node& node, PartialPipeline& partial) {
  if (!node) return;
  if (node.data()->unresolved) partial.names_complete = false;
  if (node.is_text()) partial.names.insert(node.text());
  for (const auto& item : node.items()) collect_names(item, partial);
  for (const auto& [name, value] : node.entries()) {
    partial.names.insert(name);
    if (name != "sql") collect_names(value, partial);
  }
}

}  // namespace

LoadResult load_pipeline_text(std::string text, const std::string& file_name,
                              const ConnectorCatalogue& connectors, const LoadOptions& options) {
  const auto source = std::make_shared<SourceText>(std::move(text), file_name);
  ProblemList problems(source);
  LoadResult result;
  if (auto good = source->check(); !good) {
    const auto position = good.error().position();
    problems.add(position ? source->location(*position) : Location{.file = file_name},
                 good.error().message());
    result.problems = problems.take();
    return result;
  }
  const VariableScope scope{.set = &options.set,
                            .environment = &options.environment,
                            .secrets_directory = options.secrets_directory};
  const Node root = read_yaml(source, scope, problems);
  if (root) {
    const Node file =
        checked(root, *pipeline_description(connectors), {"the file", root.location()}, problems);
    if (file) {
      Pipeline pipeline = build_plan(file, connectors, options.connect, problems);
      pipeline.file = file_name;
      pipeline.source = source;
      pipeline.file_hash = content_hash(root);
      if (problems.empty()) {
        result.pipeline = std::move(pipeline);
      } else {
        result.partial.emplace().pipeline = std::move(pipeline);
        collect_names(root, *result.partial);
      }
    }
  }
  result.problems = problems.take();
  return result;
}

LoadResult load_pipeline(const Path& file, const ConnectorCatalogue& connectors,
                         const LoadOptions& options) {
  auto text = read_text(file);
  if (!text) return failed(text.error().to_string());
  return load_pipeline_text(std::move(text).value(), file.string(), connectors, options);
}

}  // namespace leat::config
