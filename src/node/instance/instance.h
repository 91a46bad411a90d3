// One data directory, opened by one process: the log, the schemas, the stores of all pipelines and
// the metadata. docs/formats.md says what lies where.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/pool/worker_pool.h"
#include "base/result.h"
#include "log/log.h"
#include "pipeline/dead_letter/task_letters.h"
#include "pipeline/epoch/state_store.h"
#include "pipeline/ingest/task_cursors.h"
#include "pipeline/position/topic_schemas.h"
#include "source/file/parquet_reader.h"
#include "store/metadata/metadata.h"
#include "store/store.h"

namespace leat::node {

struct InstanceOptions {
  bool files = false;         // queries may read files of the machine: no other user may ask then
  uint64_t memory_bytes = 0;  // DuckDB's, for all pipelines and queries; 0: 1 GiB, or half of the
                              // machine's where that is less
  Path spill = {};            // where it puts what does not fit; empty: in the data directory
};

// An epoch waits for the disk now and then: more than the machine has cores, and not many more.
inline constexpr int kWorkers = 12;

// Thread-safe.
class Instance {
 public:
  // Makes the directory if it is missing. Errors: kInUse naming the process that holds it.
  static Result<std::unique_ptr<Instance>> open(const Path& data, InstanceOptions options = {});
  ~Instance();

  const Path& data() const { return data_; }
  const InstanceOptions& options() const { return options_; }
  // Where large things that nobody keeps go.
  Path spill() const { return options_.spill.empty() ? data_ / "spill" : options_.spill; }
  Clock& clock() { return system_clock(); }
  // Every topic, whoever keeps it.
  log::TopicStore& topics() { return *log_; }
  // For what no cluster has its users do: the upkeep of its files.
  log::Log& embedded_log() { return *log_; }
  pipeline::TopicSchemas& schemas() { return *schemas_; }
  pipeline::TaskCursors& cursors() { return *cursors_; }
  store::Store& store() { return *store_; }
  store::Metadata& metadata() { return *metadata_; }
  // On which the streams of all pipelines run.
  WorkerPool& pool() { return pool_; }

  // For file sources: reads Parquet with a database of its own.
  source::ParquetReader* parquet() { return parquet_.get(); }

  // The pipeline's database with its tables made; opened once and kept. `store_id` is its identity.
  struct PipelineStore {
    std::unique_ptr<store::Database> database;
    std::string store_id;
  };
  Result<PipelineStore*> pipeline_store(const std::string& pipeline);
  // Opens the databases of all pipelines that the directory holds; the first error of those that
  // do not open, when the others are open.
  Result<void> open_all_stores();
  // Those that are open, by pipeline.
  std::vector<std::string> pipelines() const;

 private:
  Instance(Path data, InstanceOptions options)
      : data_(std::move(data)), options_(std::move(options)) {}

  Path data_;
  InstanceOptions options_;
  std::unique_ptr<FileLock> lock_;  // released last
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<pipeline::TaskCursors> cursors_;
  std::unique_ptr<store::Metadata> metadata_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<source::ParquetReader> parquet_;
  mutable std::mutex mutex_;  // guards stores_
  std::map<std::string, std::unique_ptr<PipelineStore>> stores_;
  std::unique_ptr<pipeline::TopicSchemas> schemas_;
  WorkerPool pool_{kWorkers};  // gone before what its work uses
};

}  // namespace leat::node
