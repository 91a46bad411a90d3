// leat run.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>

#include "app/client/held_directory.h"
#include "app/commands/command.h"
#include "app/commands/problems.h"
#include "app/commands/run_progress.h"
#include "app/commands/run_summary.h"
#include "app/terminal/progress.h"
#include "base/logging.h"
#include "base/text/lower_case.h"
#include "node/pipeline_file/file_check.h"
#include "node/pipeline_file/pipeline_file.h"
#include "node/process/run_on_schedule.h"
#include "node/process/stop_signal.h"
#include "node/process/upkeep.h"
#include "node/requests/routes.h"
#include "web/http_server.h"

namespace leat::app {
namespace {

struct RunFlags {
  std::vector<std::string> files;
  Path data;
  bool once = false;
  bool fresh = false;
  bool as_json = false;
  bool verbose = false;
  std::vector<std::string> set;
  std::vector<std::string> connect;
  StoreFlags store;
};

// The plans of files without mistakes; all mistakes of all files are printed. Empty: there were
// some.
std::vector<config::Pipeline> check_all(std::vector<config::LoadResult> files,
                                        node::Instance* instance,
                                        const std::vector<std::string>* in_log) {
  std::vector<config::Pipeline> plans;
  bool mistakes = false;
  const node::KnownTopics known(files, in_log);
  for (auto& file : files) {
    auto checked = node::check_file(std::move(file), instance, known);
    print_warnings(checked.warnings);
    if (!checked.loaded.problems.empty()) {
      print_problems(checked.loaded.problems);
      mistakes = true;
      continue;
    }
    auto& plan = *checked.loaded.pipeline;
    const auto twin = std::find_if(plans.begin(), plans.end(), [&](const auto& other) {
      return same_in_lower_case(other.name, plan.name);
    });
    if (twin != plans.end()) {
      report(user_error("{} and {} are both the pipeline {}; give one another name",
                        twin->file.string(), plan.file.string(), plan.name));
      mistakes = true;
      continue;
    }
    plans.push_back(std::move(plan));
  }
  if (mistakes) plans.clear();
  return plans;
}

struct Opened {
  Processes processes;
  int code = kExitOk;  // of those that did not open, which has been told
};

// A pipeline that does not open leaves the others.
Opened open_all(std::vector<config::Pipeline> plans, node::Instance& instance,
                const RunFlags& flags, const config::LoadOptions& load, DiskGuard* disk) {
  Opened opened;
  const auto tell = [&](const config::Pipeline& plan, const Error& error) {
    const int code = report(Error(error).during("opening the pipeline " + plan.name));
    opened.code = worse_exit_code(opened.code, code);
  };
  // One pipeline may read what another writes: all topics are there before any stream is opened.
  std::vector<config::Pipeline> ready;
  for (auto& plan : plans) {
    const auto made = node::ensure_topics(instance, plan);
    if (made.ok()) {
      ready.push_back(std::move(plan));
    } else {
      tell(plan, made.error());
    }
  }
  for (const auto& plan : ready) {
    const auto remembered = node::remember_pipeline_file(instance, plan);
    auto process = remembered.ok()
                       ? node::PipelineProcess::open(instance, plan,
                                                     {.load = load,
                                                      .fresh = flags.fresh,
                                                      .disk = disk,
                                                      .epoch_records = node::epoch_records()})
                       : Result<std::unique_ptr<node::PipelineProcess>>(remembered.error());
    if (process.ok()) {
      opened.processes.push_back(std::move(*process));
    } else {
      tell(plan, process.error());
    }
  }
  return opened;
}

int finish_once(const Processes& processes,
                std::vector<std::optional<Result<node::RunOutcome>>>& outcomes,
                const RunFlags& flags) {
  const auto screen = terminal::screen_of(STDERR_FILENO);
  std::vector<PipelineOutcome> done;
  int code = kExitOk;
  const auto worse = [&code](int next) { code = worse_exit_code(code, next); };
  for (size_t i = 0; i < processes.size(); ++i) {
    if (!outcomes[i]->ok()) {
      worse(report(outcomes[i]->error()));
      continue;
    }
    done.push_back({.pipeline = processes[i]->plan().name, .outcome = std::move(**outcomes[i])});
    const auto& outcome = done.back().outcome;
    worse(exit_code_of(outcome));
    report_failures(*processes[i], outcome);
    if (!flags.as_json) std::cerr << '\n' << summary_text(done.back(), screen);
  }
  if (flags.as_json) std::cout << summary_json(done) << std::endl;
  return code;
}

int run_all_once(node::Instance& instance, Processes& processes, const RunFlags& flags,
                 std::stop_token stop) {
  std::vector<node::OpenRun> runs;
  for (const auto& process : processes) {
    auto run = node::open_once_run(instance, *process, flags.fresh);
    if (!run.ok()) return report(run.error());
    runs.push_back(std::move(run).value());
  }
  std::vector<std::optional<Result<node::RunOutcome>>> outcomes(processes.size());
  {
    terminal::ProgressDisplay display(STDERR_FILENO, terminal::screen_of(STDERR_FILENO),
                                      ProgressOf(processes));
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < processes.size(); ++i) {
      threads.emplace_back(
          [&, i] { outcomes[i].emplace(node::run_once(instance, *processes[i], runs[i], stop)); });
    }
    threads.clear();  // joins before the display finishes
  }
  return finish_once(processes, outcomes, flags);
}

int run_all_on_schedule(node::Instance& instance, Processes& processes, node::StopSignal& signal) {
  terminal::ProgressDisplay display(STDERR_FILENO, terminal::screen_of(STDERR_FILENO),
                                    ProgressOf(processes));
  std::vector<std::optional<Error>> errors(processes.size());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < processes.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto ended = node::run_on_schedule(instance, *processes[i], signal.token());
        if (ended.ok()) return;
        errors[i] = ended.error();
        log_error("the pipeline {} has failed, and others go on: {}", processes[i]->plan().name,
                  ended.error().to_string());
      });
    }
  }
  display.finish();
  int code = kExitOk;
  const auto worse = [&code](int next) { code = worse_exit_code(code, next); };
  for (size_t i = 0; i < processes.size(); ++i) {
    const auto& process = *processes[i];
    if (errors[i]) worse(report(Error(*errors[i]).during("running " + process.plan().name)));
    for (const auto& error : process.stream_failures()) worse(report_stream_error(process, error));
    for (const auto& error : process.stream_troubles()) worse(report_stream_error(process, error));
  }
  return code;
}

Result<std::unique_ptr<web::HttpServer>> serve(node::Instance& instance,
                                               const Processes& processes) {
  LEAT_ASSIGN(auto router, node::make_api_router(instance, [&processes](const std::string& name) {
                node::PipelineProcess* found = nullptr;
                for (const auto& process : processes) {
                  if (process->plan().name == name) found = process.get();
                }
                return found;
              }));
  return web::HttpServer::start({.unix_socket = instance.data() / "leat.sock"}, std::move(router));
}

// By a process that answers requests.
Error in_use(const Path& data) {
  const auto held = real_file_system().lock(data / "lock");
  return coded_error(
      ErrorDomain::kUser, ErrorCode::kInUse,
      "{}, which runs pipelines: name all files in one `leat run`, give this one "
      "another --data, or end that process; the other commands work beside it",
      held.ok() ? data.string() + " is in use by another process" : held.error().message());
}

struct Start {
  std::unique_ptr<node::Instance> instance;
  std::vector<config::Pipeline> plans;
  int code = kExitOk;  // else what was wrong, which has been told
};

// Opens the data directory and checks the files. One that is there already comes first: its
// records have taught what their topics hold, which counts for the files. A new one is made for
// files without mistakes only.
Start start(std::vector<config::LoadResult> files, const Path& data,
            const node::InstanceOptions& options, const std::stop_token& stop) {
  Start start;
  std::optional<Error> unopened;
  const auto open = [&] {
    auto opened = open_when_free(data, [&] { return node::Instance::open(data, options); }, stop);
    if (opened.ok() && *opened) {
      start.instance = std::move(*opened);
    } else {
      unopened = opened.ok() ? in_use(data) : opened.error();
    }
  };
  std::vector<std::string> topics;
  const auto there = real_file_system().exists(data / "log");
  const bool is_there = there.ok() && *there;
  if (is_there) open();
  if (start.instance) {
    if (auto in_log = start.instance->topics().topics(); in_log.ok()) topics = std::move(*in_log);
  }
  start.plans = check_all(std::move(files), start.instance.get(), unopened ? nullptr : &topics);
  if (start.plans.empty()) {
    start.code = kExitUser;
    return start;
  }
  if (!is_there) open();
  if (unopened) start.code = report(*unopened);
  return start;
}

int run(const RunFlags& flags) {
  if (flags.as_json && !flags.once) {
    return report(user_error("--json is the summary of --once, and a run without it has no end"));
  }
  if (flags.verbose) set_log_level(LogLevel::kInfo);
  const auto set = node::parse_assignments(flags.set, "--set", "NAME=VALUE");
  if (!set.ok()) return report(set.error());
  const auto connect = node::parse_assignments(flags.connect, "--connect", "NAME=URL");
  if (!connect.ok()) return report(connect.error());
  const auto options = instance_options(flags.store);
  if (!options.ok()) return report(options.error());
  node::StopSignal signal;
  const auto load = node::load_options(*set, *connect);
  auto started = start(node::load_files(flags.files, load), flags.data, *options, signal.token());
  if (started.code != kExitOk) return started.code;
  node::Instance& instance = *started.instance;
  // A run of --once that meets a full disk ends, and the next one goes on; what runs for ever
  // waits.
  DiskGuard disk(instance.data(), instance.clock());
  auto opened =
      open_all(std::move(started.plans), instance, flags, load, flags.once ? nullptr : &disk);
  auto& processes = opened.processes;
  if (processes.empty()) return opened.code;
  std::vector<const node::PipelineProcess*> running;
  for (const auto& process : processes) running.push_back(process.get());
  node::Upkeep upkeep(instance, std::move(running));
  auto server = serve(instance, processes);
  if (!server.ok()) return report(server.error());
  const int code = flags.once ? run_all_once(instance, processes, flags, signal.token())
                              : run_all_on_schedule(instance, processes, signal);
  (*server)->stop();
  // Runs of --once may be the only ones that there are: what is past its retention goes with them.
  if (flags.once) upkeep.finish();
  return worse_exit_code(opened.code, code);
}

}  // namespace

void add_run_command(CLI::App& program, Action& action) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command = add_command(
      program, "run", "Run pipelines: once with --once, else on their timetables until stopped",
      "  leat run examples/user_automation.yaml --once\n"
      "  leat run users.yaml orders.yaml --data /var/lib/leat\n"
      "  leat run users.yaml --once --set USERS_API=http://127.0.0.1:8000/api/\n"
      "Exit codes of --once: 0 reconciled, 3 reconciled with dead letters, 1 failed, 2 the file "
      "or\n"
      "the flags are wrong.");
  command->add_option("PIPELINE.yaml", flags->files, "Pipeline files")->required();
  add_data_flag(*command, flags->data);
  command->add_flag("--once", flags->once,
                    "Every task once, every stream to the end of its topic; resumes a killed run");
  command->add_flag("--fresh", flags->fresh, "Start a new run instead of resuming an open one");
  command->add_flag("--json", flags->as_json,
                    "With --once: the summary as JSON on standard output");
  command->add_flag("-v,--verbose", flags->verbose, "More log lines");
  add_store_flags(*command, flags->store);
  command->add_option("--set", flags->set, "A value for ${NAME} (over the environment)")
      ->type_name("NAME=VALUE");
  command->add_option("--connect", flags->connect, "A URL for the connection NAME")
      ->type_name("NAME=URL");
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace leat::app
