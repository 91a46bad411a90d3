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
#include "base/result.h"
#include "log/log.h"
#include "pipeline/letters/task_letters.h"
#include "pipeline/stream/state_store.h"
#include "pipeline/topic_schemas.h"
#include "source/file/parquet_reader.h"
#include "store/metadata.h"
#include "store/store.h"

namespace leat::app {

// Thread-safe.
class Instance {
 public:
  // Makes the directory if it is missing. Errors: kInUse naming the process that holds it.
  static Result<std::unique_ptr<Instance>> open(const Path& data);
  ~Instance();

  const Path& data() const { return data_; }
  Clock& clock() { return system_clock(); }
  log::Log& log() { return *log_; }
  pipeline::TopicSchemas& schemas() { return *schemas_; }
  store::Store& store() { return *store_; }
  store::Metadata& metadata() { return *metadata_; }

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
  explicit Instance(Path data) : data_(std::move(data)) {}

  Path data_;
  std::unique_ptr<FileLock> lock_;  // released last
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<store::Metadata> metadata_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<source::ParquetReader> parquet_;
  mutable std::mutex mutex_;  // guards stores_
  std::map<std::string, std::unique_ptr<PipelineStore>> stores_;
  std::unique_ptr<pipeline::TopicSchemas> schemas_;
};

}  // namespace leat::app
