#include "config/plan/circle_of_files.h"

#include <map>
#include <string>
#include <utility>

#include "config/plan/order.h"
#include "config/plan/sql_sources.h"

namespace leat::config {
namespace {

struct StreamOfFile {
  size_t file;
  const Pipeline* pipeline;
  const Stream* stream;
  std::string name() const { return pipeline->name + "." + stream->name; }
};

}  // namespace

void refuse_circle_of_files(std::vector<LoadResult>& files) {
  std::vector<StreamOfFile> streams;
  std::map<std::string, std::vector<size_t>> writers;  // of a topic
  for (size_t file = 0; file < files.size(); ++file) {
    if (!files[file].pipeline) continue;
    for (const auto& stream : files[file].pipeline->streams) {
      for (const auto& target : stream.into) {
        if (target.is_topic()) writers[target.name].push_back(streams.size());
      }
      streams.push_back({file, &*files[file].pipeline, &stream});
    }
  }
  if (files.size() < 2 || writers.empty()) return;
  std::vector<std::vector<size_t>> upstream(streams.size());
  std::map<std::pair<size_t, size_t>, std::string> between;
  for (size_t i = 0; i < streams.size(); ++i) {
    for (const auto& topic : sql_sources(streams[i].stream->sql)) {
      const auto found = writers.find(topic);
      if (found == writers.end()) continue;
      for (const size_t writer : found->second) {
        upstream[i].push_back(writer);
        between.try_emplace({writer, i}, topic);
      }
    }
  }
  const auto cycle = order_by_upstream(upstream).cycle;
  if (cycle.empty()) return;
  std::string path = streams[cycle[0]].name();
  for (size_t i = 1; i < cycle.size(); ++i) {
    path += " → topic " + between[{cycle[i - 1], cycle[i]}] + " → " + streams[cycle[i]].name();
  }
  const auto& first = streams[cycle[0]];
  LoadResult& result = files[first.file];
  result.problems.push_back(problem_at(*first.pipeline, first.stream->location,
                                       "streams feed each other in a circle: " + path));
  result.partial.emplace().pipeline = *std::exchange(result.pipeline, std::nullopt);
  result.partial->names_complete = false;
}

}  // namespace leat::config
