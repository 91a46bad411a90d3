#include "app/process/pipeline_process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "app/connectors/connectors.h"
#include "base/logging.h"
#include "codec/topic_schema.h"
#include "pipeline/stream/stream_query.h"

namespace leat::app {
namespace {

// LEAT_CRASH_AFTER_EPOCH=N: the process kills itself after the Nth committed epoch, before
// anything that follows it. For crash tests.
std::function<void()> crash_hook() {
  const char* text = std::getenv("LEAT_CRASH_AFTER_EPOCH");
  if (text == nullptr) return {};
  static std::atomic<long> left{0};
  left = std::atol(text);
  return [] {
    if (--left == 0) ::raise(SIGKILL);
  };
}

// Retention removes whole segments, and never the one that is written to: they are small beside
// what is kept, so that not much more than that is on the disk.
int64_t segment_bytes_for(int64_t retention_bytes, int64_t most) {
  constexpr int64_t kLeast = 1 << 20;
  return std::clamp(retention_bytes / 4, kLeast, most);
}

}  // namespace

size_t epoch_records() {
  const char* text = std::getenv("LEAT_EPOCH_RECORDS");
  const long records = text == nullptr ? 0 : std::atol(text);
  return records > 0 ? static_cast<size_t>(records) : pipeline::EpochLimits{}.records;
}

Result<void> ensure_topics(Instance& instance, const config::Pipeline& plan) {
  for (const auto& [name, topic] : plan.topics) {
    log::TopicConfig config{.partitions = topic.partitions.value_or(1)};
    if (const auto there = instance.log().partition_count(name); there.ok()) {
      if (!topic.partitions) config.partitions = *there;
      if (config.partitions > *there) {
        log_warn(
            "topic {}: its {} become {}, as the pipeline file says; from now on records of a key "
            "may come into another partition than those before, and which of them a table keeps "
            "is only sure once the earlier ones are read",
            name, *there == 1 ? "one partition" : fmt::format("{} partitions", *there),
            config.partitions);
      }
    }
    if (topic.retention_time) config.retention_ms = topic.retention_time->count();
    if (topic.retention_bytes) {
      config.retention_bytes = static_cast<int64_t>(*topic.retention_bytes);
      config.segment_bytes = segment_bytes_for(config.retention_bytes, config.segment_bytes);
    }
    LEAT_TRY_DURING(instance.log().ensure_topic(name, config), "making the topic {}", name);
    if (topic.declared_schema) {
      LEAT_ASSIGN(const auto schema,
                  codec::TopicSchema::from_declaration(topic.declared_schema.json()));
      LEAT_TRY(instance.schemas().declare(name, schema));
    }
  }
  return {};
}

Result<std::unique_ptr<PipelineProcess>> PipelineProcess::open(Instance& instance,
                                                               config::Pipeline plan,
                                                               const ProcessOptions& options) {
  std::unique_ptr<PipelineProcess> process(new PipelineProcess(instance, std::move(plan)));
  LEAT_TRY(ensure_topics(instance, process->plan_));
  process->disk_ = options.disk;
  process->letters_.letters = std::min(process->letters_.letters, options.epoch_records);
  LEAT_TRY(process->open_tasks());
  LEAT_TRY(process->open_streams(options));
  return process;
}

PipelineProcess::~PipelineProcess() = default;

Result<void> PipelineProcess::open_tasks() {
  std::function<Result<void>(std::stop_token)> wait_for_room;
  if (disk_ != nullptr) {
    wait_for_room = [this](std::stop_token stop) { return disk_->wait_for_room(std::move(stop)); };
  }
  for (const auto& task : plan_.tasks) {
    LEAT_ASSIGN(auto ingest, pipeline::Ingest::create(task, {.pipeline = plan_.name,
                                                             .clock = instance_.clock(),
                                                             .topics = instance_.log(),
                                                             .make_source =
                                                                 [this](const config::Task& made) {
                                                                   return make_source(made, plan_,
                                                                                      instance_);
                                                                 },
                                                             .wait_for_room = wait_for_room}));
    tasks_[task.name] = std::move(ingest);
    auto& line = task_lines_[task.name];
    LEAT_ASSIGN(auto cursor, pipeline::read_task_cursor(instance_.log(), plan_.name, task.name));
    if (cursor) line.cursor = std::move(*cursor);
  }
  return {};
}

Result<void> PipelineProcess::open_streams(const ProcessOptions& options) {
  LEAT_ASSIGN(Instance::PipelineStore * store, instance_.pipeline_store(plan_.name));
  const auto after_epoch = crash_hook();
  for (const auto& stream : plan_.streams) {
    pipeline::StreamContext context{
        .pipeline = plan_.name,
        .store_id = store->store_id,
        .clock = instance_.clock(),
        .topics = instance_.log(),
        .schemas = instance_.schemas(),
        .make_sink =
            [this](const config::Stream& of, const config::Target& target) {
              return make_sink(of, target, plan_, instance_);
            },
        .limits = {.records = options.epoch_records},
        .letters = letters_,
        .fresh = options.fresh,
        .record_keys = {},
        .strict_topics = {},
        .after_epoch = after_epoch};
    for (const auto& [name, topic] : plan_.topics) {
      context.record_keys[name] = pipeline::record_key_of(plan_, name);
      if (topic.schema_mode == config::SchemaMode::kStrict) context.strict_topics.insert(name);
    }
    auto runner = pipeline::StreamRunner::open(stream, std::move(context), *store->database);
    if (!runner.ok()) {
      return std::move(runner).error().during(fmt::format("opening the stream {}", stream.name));
    }
    read_before_[stream.name] = (*runner)->snapshot().progress.counts.read;
    streams_[stream.name] = std::make_unique<StreamThread>(std::move(runner).value(), options.disk);
  }
  return {};
}

void PipelineProcess::start_streams() {
  for (auto& [name, stream] : streams_) stream->start();
}

schedule::DagRunReport PipelineProcess::run_tasks(const std::string& run, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    run_ = run;
  }
  const auto attempt_once = [&](const config::Task& task, std::stop_token token) -> Result<void> {
    auto cursor = tasks_.at(task.name)->attempt(run, std::move(token), [&](const auto& now) {
      const std::lock_guard lock(mutex_);
      task_lines_[task.name].cursor = now;
    });
    if (!cursor.ok()) return std::move(cursor).error();
    return {};
  };
  const auto attempt = [&](const config::Task& task, std::stop_token token) {
    return wait_while_full([&] { return attempt_once(task, token); }, token);
  };
  return schedule::run_dag(plan_.tasks, attempt, instance_.clock(), std::move(stop),
                           [this](const std::string& task, const schedule::TaskReport& report) {
                             const std::lock_guard lock(mutex_);
                             task_lines_[task].report = report;
                           });
}

Result<void> PipelineProcess::wait_while_full(const std::function<Result<void>()>& act,
                                              std::stop_token stop) {
  while (true) {
    Result<void> done = act();
    const bool full = !done.ok() && done.error().code() == ErrorCode::kNoSpace;
    if (!full || disk_ == nullptr) return done;
    log_warn("pipeline {}: {}", plan_.name, done.error().to_string());
    LEAT_TRY(disk_->wait_after_failure(stop));
  }
}

Result<void> PipelineProcess::drain_streams() {
  for (auto& [name, stream] : streams_) {
    pipeline::Offsets ends;
    LEAT_ASSIGN(const int32_t partitions, instance_.log().partition_count(stream->topic()));
    for (int32_t partition = 0; partition < partitions; ++partition) {
      LEAT_ASSIGN(const auto range, instance_.log().offsets({stream->topic(), partition}));
      ends[partition] = range.end;
    }
    stream->finish_at(std::move(ends));
  }
  return join_streams();
}

void PipelineProcess::stop_streams() {
  for (auto& [name, stream] : streams_) stream->stop();
}

Result<void> PipelineProcess::join_streams() {
  Result<void> first;
  for (auto& [name, stream] : streams_) {
    Result<void> ended = stream->join();
    if (!ended.ok() && first.ok()) {
      first = std::move(ended).error().during(fmt::format("running the stream {}", name));
    }
  }
  return first;
}

std::optional<Error> PipelineProcess::stream_failure() const {
  for (const auto& [name, stream] : streams_) {
    if (auto failure = stream->failure()) {
      return std::move(*failure).during(fmt::format("running the stream {}", name));
    }
  }
  return std::nullopt;
}

Result<pipeline::PipelineTotals> PipelineProcess::totals() const {
  pipeline::PipelineTotals totals;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, line] : task_lines_) totals.tasks[name] = line.cursor.total;
  }
  for (const auto& [name, stream] : streams_) {
    const auto snapshot = stream->snapshot();
    totals.streams[name] = {.counts = snapshot.progress.counts, .sinks = snapshot.progress.sinks};
  }
  return totals;
}

std::vector<ProcessLine> PipelineProcess::lines() const {
  std::vector<ProcessLine> lines;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& task : plan_.tasks) {
      const auto& line = task_lines_.at(task.name);
      lines.push_back(
          {.name = task.name,
           .is_task = true,
           .state = schedule::to_string(line.report.state),
           // A cursor of another run is where that one ended.
           .records = line.cursor.run == run_ ? line.cursor.run_counts.fetched : 0,
           .lag = 0,
           .message = line.report.state == schedule::TaskState::kUpForRetry && line.report.error
                          ? line.report.error->message()
                          : ""});
    }
  }
  for (const auto& stream : plan_.streams) {
    const auto& thread = streams_.at(stream.name);
    const auto snapshot = thread->snapshot();
    const auto failure = thread->failure();
    const bool done = thread->reached_end();
    lines.push_back({.name = stream.name,
                     .is_task = false,
                     .state = failure ? "failed"
                              : done  ? "done"
                                      : "running",
                     .records = snapshot.progress.counts.read - read_before_.at(stream.name),
                     // What came after the end it was to reach is not its lag.
                     .lag = done ? 0 : snapshot.lag,
                     .message = failure ? failure->message() : ""});
  }
  return lines;
}

std::vector<StreamPosition> PipelineProcess::positions() const {
  std::vector<StreamPosition> positions;
  for (const auto& [name, stream] : streams_) {
    positions.push_back(
        {.stream = name, .topic = stream->topic(), .offsets = stream->snapshot().progress.offsets});
  }
  return positions;
}

std::vector<std::string> PipelineProcess::warnings() const {
  std::vector<std::string> warnings;
  for (const auto& [name, stream] : streams_) {
    for (const auto& warning : stream->snapshot().warnings) {
      warnings.push_back(fmt::format("{}: {}", name, warning));
    }
  }
  return warnings;
}

}  // namespace leat::app
