#include "source/file/file_options.h"

#include <algorithm>

#include "source/file/file_source.h"

namespace leat::source {
namespace {

using config::Node;
using config::scalar;
using config::ValueKind;

// What no file can be called, or what was meant for another key.
Result<void> check_path(const Node& path) {
  const std::string& text = path.text();
  const std::string place = path.location().to_string();
  if (text.empty()) return user_error("{}: `path` is empty", place);
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  if (std::ranges::any_of(text, is_control)) {
    return user_error("{}: `path` holds a control character", place);
  }
  const size_t scheme = text.find("://");
  const bool is_address =
      scheme != std::string::npos && scheme > 0 && text.find_first_of("/*?[\\") > scheme;
  if (is_address && text.starts_with("file://")) {
    return user_error("{}: `path` is a path, not a URL: leave out file://", place);
  }
  if (is_address) {
    return user_error("{}: `path` names files of this machine, not `{}`: {}", place,
                      path.masked_text(),
                      text.starts_with("http") ? "write `http: {url: …}` instead of `file`"
                                               : "fetch them first, and name what was written");
  }
  if (text.ends_with('/')) {
    return user_error("{}: `path` names a directory: name its files, such as `{}*.ndjson`", place,
                      path.masked_text());
  }
  return {};
}

std::optional<FileFormat> format_named(std::string_view name) {
  if (name == "json") return FileFormat::kJson;
  if (name == "ndjson" || name == "jsonl") return FileFormat::kNdjson;
  if (name == "csv" || name == "tsv") return FileFormat::kCsv;
  if (name == "parquet") return FileFormat::kParquet;
  return std::nullopt;
}

}  // namespace

config::Key file_source_key() {
  return {
      .name = "file",
      .value = config::mapping(
          {{.name = "path",
            .value = config::list_of(scalar(ValueKind::kText)),
            .doc = "Files or globs (*, ?, [a-z] within a name; ** for any directories, each "
                   "once, links or not), relative to the pipeline file; a glob's files are sorted "
                   "by path.",
            .required = true},
           {.name = "format",
            .value = scalar(ValueKind::kText),
            .doc = "How the files are written; by default what the extension says.",
            .choices = {"json", "ndjson", "csv", "parquet"}},
           {.name = "compression",
            .value = scalar(ValueKind::kText),
            .doc = "How the files are compressed; by default what the extension says (.gz, .zst).",
            .choices = {"none", "gzip", "zstd"}},
           {.name = "records",
            .value = scalar(ValueKind::kJsonPath),
            .doc = "Where the records are in a JSON document: a list, or one record; without it "
                   "the root."},
           csv_key(),
           {.name = "batch_bytes",
            .value = scalar(ValueKind::kBytes),
            .doc = "About how much of a file one transaction holds.",
            .default_text = "4MB"},
           {.name = "batch_records",
            .value = scalar(ValueKind::kInteger),
            .doc = "At most how many records one transaction holds.",
            .default_text = "10000"}},
          "Records from files.",
          "file:\n  path: data/orders-*.csv.gz\n  csv: {delimiter: \";\"}\n"),
      .doc =
          "Reads JSON, NDJSON, CSV and Parquet files, plain or compressed with gzip or zstd. A "
          "Parquet file's dates, times, decimal and binary numbers, UUIDs and BLOBs keep their "
          "types: they are declared for the topic, where its `schema` does not say something "
          "else. In the records they are texts."};
}

Result<FileOptions> parse_file_options(const Node& node, const Path& base_directory) {
  FileOptions options;
  options.base_directory = base_directory;
  options.place = node["path"].location().to_string();
  for (const Node& path : node["path"].items()) {
    LEAT_TRY(check_path(path));
    options.patterns.push_back(path.text());
  }
  if (options.patterns.empty()) return user_error("{}: `path` names no file", options.place);
  if (const Node format = node["format"]) options.format = format_named(format.text());
  if (const Node compression = node["compression"]) {
    options.compression = compression.text() == "gzip"   ? Compression::kGzip
                          : compression.text() == "zstd" ? Compression::kZstd
                                                         : Compression::kNone;
  }
  if (const Node records = node["records"]) {
    auto path = codec::JsonPath::parse(records.text());
    if (!path.ok()) {
      return user_error("{}: `records`: {}", records.location().to_string(),
                        path.error().message());
    }
    options.records = std::move(*path);
  }
  LEAT_ASSIGN(options.csv, parse_csv_options(node["csv"]));
  options.csv_delimiter_given = options.csv.delimiter != ',';
  if (const Node bytes = node["batch_bytes"]) options.limits.bytes = bytes.bytes();
  if (const Node records = node["batch_records"]) {
    if (records.integer() < 1) {
      return user_error("{}: `batch_records` must be at least 1, not {}",
                        records.location().to_string(), records.integer());
    }
    options.limits.records = static_cast<size_t>(records.integer());
  }
  if (options.limits.bytes == 0) {
    return user_error("{}: `batch_bytes` must be at least 1",
                      node["batch_bytes"].location().to_string());
  }
  return options;
}

Result<FileKind> kind_of_file(const FileOptions& options, const Path& name) {
  FileKind kind{.csv = options.csv};
  Path stem = name.filename();
  if (stem.extension() == ".gz" || stem.extension() == ".zst") {
    kind.compression = stem.extension() == ".gz" ? Compression::kGzip : Compression::kZstd;
    stem = stem.stem();
  }
  if (options.compression) kind.compression = *options.compression;
  const std::string extension = stem.has_extension() ? stem.extension().string().substr(1) : "";
  const auto format = options.format ? options.format : format_named(extension);
  if (!format) {
    return user_error(
        "{}: the name of {} does not say how it is written: add `format: json`, ndjson, csv or "
        "parquet",
        options.place, name.string());
  }
  kind.format = *format;
  if (extension == "tsv" && !options.csv_delimiter_given) kind.csv.delimiter = '\t';
  return kind;
}

}  // namespace leat::source
