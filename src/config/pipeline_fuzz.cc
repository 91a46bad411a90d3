// Any text is a pipeline or a list of problems, each with a message that can be shown.
#include <cstdlib>
#include <string>

#include "config/pipeline.h"
#include "config/plan/test_catalogue.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::config;
  static const ConnectorCatalogue catalogue = test_catalogue();
  const LoadOptions options{.set = {{"A", "a"}},
                            .environment = {{"B", "b: ${A}\n"}, {"S", "s3cr3t"}}};
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto result = load_pipeline_text(text, "fuzz.yaml", catalogue, options);
  if (result.pipeline.has_value() != result.problems.empty()) std::abort();
  for (const auto& problem : result.problems) {
    const auto shown = format_problem(problem);
    const bool leaks = text.find("s3cr3t") == std::string::npos &&
                       text.find("${S") == std::string::npos &&
                       shown.find("s3cr3t") != std::string::npos;
    if (leaks) std::abort();
  }
  if (!result.pipeline) return 0;
  for (const auto& stream : result.pipeline->streams) {
    for (size_t i = 0; i <= stream.sql.size(); ++i) {
      if (stream.sql_node && stream.sql_node.location_of(i).line < 1) std::abort();
    }
  }
  const auto& schedule = result.pipeline->schedule;
  for (const leat::Micros now : {leat::Micros(0), leat::Micros(1'700'000'000'000'000)}) {
    const auto ended = schedule.latest_ended(now);
    const auto next = schedule.next(now);
    if (ended && ended->end > now) std::abort();
    if (next && next->end <= now) std::abort();
  }
  return 0;
}
