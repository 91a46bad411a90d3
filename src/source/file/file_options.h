// What a pipeline file says under `file`, as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "codec/json_path.h"
#include "config/node.h"
#include "source/format/csv_options.h"
#include "source/format/decompressed_stream.h"
#include "source/format/record_reader.h"

namespace leat::source {

enum class FileFormat : uint8_t { kJson, kNdjson, kCsv, kParquet };

struct FileOptions {
  Path base_directory;
  std::vector<std::string> patterns;       // as written
  std::optional<FileFormat> format;        // else by extension
  std::optional<Compression> compression;  // else by extension
  codec::JsonPath records;
  std::optional<codec::JsonPath> key;  // where records are said to have their key
  CsvOptions csv;
  bool csv_delimiter_given = false;  // else .tsv means tab
  PartLimits limits;
  std::string place;  // of `path` in the pipeline file, for messages
};

// Errors: user, with file:line:column.
Result<FileOptions> parse_file_options(const config::Node& node, const Path& base_directory);

// How the file of that name is read: .json, .ndjson, .jsonl, .csv, .tsv, .parquet, and .gz and .zst
// after them. Errors: user when the name does not say.
struct FileKind {
  FileFormat format = FileFormat::kJson;
  Compression compression = Compression::kNone;
  CsvOptions csv;
};
Result<FileKind> kind_of_file(const FileOptions& options, const Path& name);

}  // namespace leat::source
