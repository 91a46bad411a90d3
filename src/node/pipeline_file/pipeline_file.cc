#include "node/pipeline_file/pipeline_file.h"

#include <cstdlib>

#include "config/plan/circle_of_files.h"
#include "node/connectors/connectors.h"
#include "node/pipeline_file/file_check.h"

extern char** environ;

namespace leat::node {
namespace {

std::string setting_name(const std::string& pipeline) { return "pipeline_file/" + pipeline; }

}  // namespace

Result<Assignments> parse_assignments(const std::vector<std::string>& texts,
                                      const std::string& flag, const std::string& form) {
  Assignments assignments;
  for (const auto& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return user_error("{} takes {}, not `{}`", flag, form, text);
    }
    assignments[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return assignments;
}

config::LoadOptions load_options(Assignments set, Assignments connect) {
  config::LoadOptions options{.set = std::move(set),
                              .connect = std::move(connect),
                              .environment = {},
                              .secrets_directory = "secrets"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  if (const char* secrets = std::getenv("LEAT_SECRETS")) options.secrets_directory = secrets;
  return options;
}

std::vector<config::LoadResult> load_files(const std::vector<std::string>& files,
                                           const config::LoadOptions& options) {
  std::vector<config::LoadResult> loaded;
  loaded.reserve(files.size());
  for (const auto& file : files) {
    loaded.push_back(config::load_pipeline(file, connector_catalogue(), options));
  }
  config::refuse_circle_of_files(loaded);
  return loaded;
}

Result<config::Pipeline> load_known_pipeline(Instance& instance, const std::string& pipeline,
                                             const std::string& file,
                                             const config::LoadOptions& options) {
  std::string path = file;
  if (file.empty()) {
    LEAT_ASSIGN(const auto known, instance.metadata().setting(setting_name(pipeline)));
    if (!known) {
      return user_error("it is not known from which file the pipeline {} ran; name it with --file",
                        pipeline);
    }
    path = *known;
  }
  auto files = load_files({path}, options);
  LEAT_ASSIGN(const auto topics, instance.topics().topics());
  const KnownTopics known(files, &topics);
  auto checked = check_file(std::move(files.front()), &instance, known);
  if (!checked.loaded.problems.empty()) {
    std::string text = fmt::format("the pipeline file {} has mistakes:", path);
    for (const auto& problem : checked.loaded.problems)
      text += "\n" + config::format_problem(problem);
    return Error(ErrorDomain::kUser, std::move(text));
  }
  return std::move(*checked.loaded.pipeline);
}

Result<void> remember_pipeline_file(Instance& instance, const config::Pipeline& plan) {
  const Path absolute = std::filesystem::absolute(plan.file);
  return instance.metadata().set_setting(setting_name(plan.name), absolute.string());
}

}  // namespace leat::node
