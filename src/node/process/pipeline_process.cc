#include "node/process/pipeline_process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/logging.h"
#include "codec/topic_schema.h"
#include "node/connectors/connectors.h"
#include "pipeline/epoch/stream_query.h"
#include "pipeline/running/local_stream.h"

namespace leat::node {
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

// LEAT_CRASH_AT_DELIVERY=delivered:3 dies when a target has taken the rows of the third delivery,
// before that is remembered; `before` and `done` are the steps around it.
std::function<void(pipeline::DeliveryStep)> crash_at_delivery() {
  const char* text = std::getenv("LEAT_CRASH_AT_DELIVERY");
  if (text == nullptr) return {};
  const std::string_view wanted(text);
  const size_t colon = wanted.find(':');
  const auto word = wanted.substr(0, colon);
  const auto step = word == "before"      ? pipeline::DeliveryStep::kBefore
                    : word == "delivered" ? pipeline::DeliveryStep::kDelivered
                                          : pipeline::DeliveryStep::kDone;
  static std::atomic<long> left{0};
  left = colon == std::string_view::npos ? 1 : std::atol(text + colon + 1);
  return [step](pipeline::DeliveryStep now) {
    if (now == step && --left == 0) ::raise(SIGKILL);
  };
}

// Retention removes whole segments, and never the one that is written to: they are small beside
// what is kept, so that not much more than that is on the disk.
int64_t segment_bytes_for(int64_t retention_bytes, int64_t most) {
  constexpr int64_t kLeast = 1 << 20;
  return std::clamp(retention_bytes / 4, kLeast, most);
}

int64_t dead_lettered_in(const pipeline::StreamProgress& progress) {
  int64_t letters = progress.counts.dead_lettered;
  for (const auto& [name, sink] : progress.sinks) letters += sink.dead_lettered;
  return letters;
}

bool writes_topic(const config::Stream& stream, const std::string& topic) {
  return std::ranges::any_of(stream.into, [&](const config::Target& target) {
    return target.is_topic() && target.name == topic;
  });
}

std::string running(const std::string& stream) {
  return fmt::format("running the stream {}", stream);
}

// What the sources of the tasks into a topic say of their fields (Parquet files do), where the
// pipeline's file says nothing. Those that cannot be read are the task's to tell.
void add_types_of_sources(codec::TopicSchema& declared, const std::string& topic,
                          const config::Pipeline& plan, Instance& instance) {
  for (const auto& task : plan.tasks) {
    if (task.topic != topic) continue;
    auto source = make_source(task, plan, instance);
    if (!source.ok()) continue;
    auto types = (*source)->types();
    if (!types.ok()) continue;
    for (auto& field : types->root.fields) {
      if (!codec::same_name_in_duckdb(declared.root.fields, field.name)) {
        declared.root.fields.push_back(std::move(field));
      }
    }
  }
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
    if (const auto there = instance.topics().reader().partition_count(name); there.ok()) {
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
    LEAT_TRY_DURING(instance.topics().ensure_topic(name, config), "making the topic {}", name);
    codec::TopicSchema declared;
    if (topic.declared_schema) {
      LEAT_ASSIGN(declared, codec::TopicSchema::from_declaration(topic.declared_schema.json()));
    }
    // A strict topic takes the fields that its own declaration names.
    if (topic.schema_mode != config::SchemaMode::kStrict) {
      add_types_of_sources(declared, name, plan, instance);
    }
    if (!declared.root.fields.empty()) LEAT_TRY(instance.schemas().declare(name, declared));
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
  process->fresh_ = options.fresh;
  process->epoch_records_ = options.epoch_records;
  process->load_options_ = options.load;
  process->followed_hash_ = process->plan_.file_hash;
  process->after_epoch_ = crash_hook();
  process->at_delivery_ = crash_at_delivery();
  LEAT_TRY(process->open_tasks());
  LEAT_TRY(process->open_streams());
  process->fresh_ = false;  // was asked for this once
  return process;
}

PipelineProcess::~PipelineProcess() { stop_streams(); }

Result<void> PipelineProcess::open_streams() {
  for (const auto& stream : plan_.streams) {
    LEAT_ASSIGN(auto runner, open_runner(plan_, stream));
    before_[stream.name] = runner->snapshot().progress;
    streams_[stream.name] =
        std::make_unique<pipeline::LocalStream>(std::move(runner), instance_.pool(), disk_);
  }
  return {};
}

Result<std::unique_ptr<pipeline::StreamRunner>> PipelineProcess::open_runner(
    const config::Pipeline& plan, const config::Stream& stream) {
  LEAT_ASSIGN(Instance::PipelineStore * store, instance_.pipeline_store(plan_.name));
  pipeline::StreamContext context{
      .pipeline = plan_.name,
      .store_id = store->store_id,
      .clock = instance_.clock(),
      .topics = instance_.topics(),
      .schemas = instance_.schemas(),
      .make_sink =
          [this, &plan](const config::Stream& of, const config::Target& target) {
            return make_sink(of, target, plan, instance_, fresh_);
          },
      .limits = {.records = epoch_records_},
      .letters = letters_,
      .fresh = fresh_,
      .record_keys = {},
      .strict_topics = {},
      .after_epoch = after_epoch_,
      .at_delivery = at_delivery_,
      .stop = stop_.get_token()};
  for (const auto& [name, topic] : plan.topics) {
    context.record_keys[name] = pipeline::record_key_of(plan, name);
    if (topic.schema_mode == config::SchemaMode::kStrict) context.strict_topics.insert(name);
  }
  auto runner = pipeline::StreamRunner::open(stream, std::move(context), *store->database);
  if (!runner.ok()) {
    return std::move(runner).error().during(fmt::format("opening the stream {}", stream.name));
  }
  return runner;
}

Result<void> PipelineProcess::follow(config::Pipeline current) {
  const std::lock_guard lock(following_);
  if (current.file_hash == followed_hash_) return {};
  followed_.push_back(std::make_unique<const config::Pipeline>(std::move(current)));
  const auto& plan = *followed_.back();
  for (const auto& stream : plan.streams) {
    const auto there = streams_.find(stream.name);
    if (there == streams_.end()) continue;
    LEAT_TRY(there->second->replace_runner([&] { return open_runner(plan, stream); }));
  }
  followed_hash_ = plan.file_hash;
  log_warn(
      "the streams of the pipeline {} go on with their queries and targets of {} as it is now; "
      "what else has changed there waits for the next start",
      plan_.name, plan.file.string());
  return {};
}

void PipelineProcess::start_streams() {
  for (auto& [name, stream] : streams_) stream->start();
}

Result<void> PipelineProcess::drain_streams() {
  // Those that write a topic come before those that read it: the end of a topic is taken when its
  // writers have come to theirs.
  for (const auto& planned : plan_.streams) {
    auto& stream = *streams_.at(planned.name);
    const std::string topic = stream.topic();
    for (const auto& writer : plan_.streams) {
      if (writes_topic(writer, topic)) static_cast<void>(streams_.at(writer.name)->join());
    }
    pipeline::Offsets ends;
    LEAT_ASSIGN(const int32_t partitions, instance_.topics().reader().partition_count(topic));
    for (int32_t partition = 0; partition < partitions; ++partition) {
      LEAT_ASSIGN(const auto range, instance_.topics().reader().offsets({topic, partition}));
      ends[partition] = range.end;
    }
    stream.finish_at(std::move(ends));
  }
  return join_streams();
}

void PipelineProcess::stop_streams() {
  stop_.request_stop();
  for (auto& [name, stream] : streams_) stream->stop();
}

Result<void> PipelineProcess::join_streams() {
  Result<void> first;
  const auto is_failure = [](const Result<void>& ended) {
    return !ended.ok() && ended.error().code() != ErrorCode::kCancelled;
  };
  for (auto& [name, stream] : streams_) {
    Result<void> ended = stream->join();
    if (!ended.ok() && (first.ok() || (!is_failure(first) && is_failure(ended)))) {
      first = std::move(ended).error().during(running(name));
    }
  }
  return first;
}

std::vector<Error> PipelineProcess::stream_failures() const {
  std::vector<Error> failures;
  for (const auto& [name, stream] : streams_) {
    if (auto failure = stream->failure()) {
      failures.push_back(std::move(*failure).during(running(name)));
    }
  }
  return failures;
}

std::vector<Error> PipelineProcess::stream_troubles() const {
  std::vector<Error> troubles;
  for (const auto& [name, stream] : streams_) {
    if (auto trouble = stream->trouble(); trouble && !stream->failure()) {
      troubles.push_back(std::move(*trouble).during(running(name)));
    }
  }
  return troubles;
}

bool PipelineProcess::all_streams_failed() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const auto& stream) { return stream.second->failure().has_value(); });
}

void PipelineProcess::set_next_run(std::string text) {
  const std::lock_guard lock(mutex_);
  next_run_ = std::move(text);
}

Result<pipeline::PipelineTotals> PipelineProcess::totals() const {
  pipeline::PipelineTotals totals;
  for (const auto& task : plan_.tasks) {
    LEAT_ASSIGN(const auto progress, instance_.cursors().of_task(plan_.name, task.name));
    totals.tasks[task.name] = progress.total();
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
      // A cursor of another run is where that one ended.
      const bool is_of_run = line.cursor.run == run_;
      lines.push_back(
          {.name = task.name,
           .is_task = true,
           .state = line.report.state,
           .records = is_of_run ? line.counts().fetched : 0,
           .lag = 0,
           .message = line.report.state == schedule::TaskState::kUpForRetry && line.report.error
                          ? line.report.error->message()
                          : "",
           .dead_lettered = is_of_run ? line.counts().dead_lettered : 0,
           .next = next_run_});
    }
  }
  for (const auto& stream : plan_.streams) {
    const auto& thread = streams_.at(stream.name);
    const auto snapshot = thread->snapshot();
    const auto failure = thread->failure();
    const auto trouble = thread->trouble();
    const bool done = thread->reached_end();
    const auto& before = before_.at(stream.name);
    const bool retrying = trouble.has_value();
    lines.push_back({.name = stream.name,
                     .is_task = false,
                     .state = failure    ? schedule::TaskState::kFailed
                              : done     ? schedule::TaskState::kSuccess
                              : retrying ? schedule::TaskState::kUpForRetry
                                         : schedule::TaskState::kRunning,
                     .records = snapshot.progress.counts.read - before.counts.read,
                     // What came after the end it was to reach is not its lag.
                     .lag = done ? 0 : snapshot.lag,
                     .message = failure   ? failure->message()
                                : trouble ? trouble->message()
                                          : "",
                     // A redrive takes some away that were there before.
                     .dead_lettered = std::max<int64_t>(
                         0, dead_lettered_in(snapshot.progress) - dead_lettered_in(before))});
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
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, line] : task_lines_) {
      if (line.cursor.run != run_) continue;
      for (const auto& warning : line.cursor.warnings) {
        warnings.push_back(fmt::format("{}: {}", name, warning));
      }
    }
  }
  for (const auto& [name, stream] : streams_) {
    for (const auto& warning : stream->snapshot().warnings) {
      warnings.push_back(fmt::format("{}: {}", name, warning));
    }
  }
  return warnings;
}

}  // namespace leat::node
