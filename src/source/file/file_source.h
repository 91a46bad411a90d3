// Records from files: JSON, NDJSON, CSV and Parquet, plain or compressed with gzip or zstd.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "codec/json_path.h"
#include "config/description.h"
#include "config/node.h"
#include "source/connector.h"
#include "source/file/parquet_reader.h"
#include "source/source.h"

namespace leat::source {

// The key `file` of a task.
config::Key file_source_key();
Connector file_connector();

// `node` is the value of `file`, checked against file_source_key(). Relative paths are relative to
// `base_directory` (the pipeline file's). `files` and `parquet` outlive the source; without a
// `parquet` Parquet files are refused (kUnsupported). Errors: user, with the place in the file.
//
// Files come in the order of the list, a glob's files sorted by path. A batch is a part of one file
// (about 4 MB or 10,000 records; `batch_bytes`, `batch_records`); memory does not grow with the
// file, except for JSON documents, which are read whole. Cursors hold file, position and a
// fingerprint: next() fails (external, no retry) when the file has shrunk or changed since; one
// that has only grown is read on. At `key` JSON and NDJSON records are said to have their key.
Result<std::unique_ptr<Source>> make_file_source(const config::Node& node,
                                                 const Path& base_directory, FileSystem& files,
                                                 ParquetReader* parquet,
                                                 std::optional<codec::JsonPath> key = {});

// What is wrong with the description as such, before anything is read: warnings of what may change
// until then, such as files that are not there. Errors: user, with the place in the file.
Result<std::vector<std::string>> check_file_source(const config::Node& node,
                                                   const Path& base_directory, FileSystem& files);

}  // namespace leat::source
