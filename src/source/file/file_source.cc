#include "source/file/file_source.h"

#include <algorithm>
#include <utility>

#include "source/file/file_cursor.h"
#include "source/file/file_list.h"
#include "source/file/file_options.h"
#include "source/file/whole_file_readers.h"
#include "source/format/byte_stream.h"
#include "source/format/csv_reader.h"
#include "source/format/decompressed_stream.h"
#include "source/format/ndjson_reader.h"

namespace leat::source {
namespace {

// The file's own bytes; skip() does not read them. `file` outlives the stream.
class FileStream final : public ByteStream {
 public:
  explicit FileStream(const File& file) : file_(file) {}

  Result<size_t> read(MutableBytes into) override {
    LEAT_ASSIGN(const size_t got, file_.read_at(at_, into));
    at_ += got;
    return got;
  }

  Result<void> skip(uint64_t count) override {
    at_ += count;
    return {};
  }

 private:
  const File& file_;
  uint64_t at_ = 0;
};

class FileSource final : public Source {
 public:
  FileSource(FileOptions options, FileSystem& files, ParquetReader* parquet)
      : options_(std::move(options)), files_(files), parquet_(parquet) {}

  Result<SourceBatch> next(const std::string& cursor, std::stop_token stop) override {
    if (stop.stop_requested())
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    if (cursor.empty() || cursor != cursor_) {
      LEAT_TRY(open(cursor));
    } else if (at_end_) {
      return SourceBatch{.next_cursor = cursor, .last = true};
    } else if (!reader_) {
      LEAT_ASSIGN(const FileCursor from, file_cursor_of(cursor));
      LEAT_TRY(open_file(from));
    }
    return read_part();
  }

  // Of the Parquet files; a field that has another type in another one of them has none.
  Result<codec::TopicSchema> types() override {
    LEAT_ASSIGN(const auto names, list_files(files_, options_.base_directory, options_.patterns));
    std::optional<codec::TopicSchema> common;
    for (const std::string& name : names) {
      LEAT_ASSIGN(const FileKind kind, kind_of_file(options_, name));
      if (kind.format != FileFormat::kParquet || parquet_ == nullptr) continue;
      LEAT_ASSIGN(auto types, parquet_->types(path_of(name)));
      if (!common) {
        common = std::move(types.schema);
      } else {
        std::erase_if(common->root.fields, [&](const codec::Field& field) {
          const codec::Field* other = types.schema.root.field(field.name);
          return other == nullptr || other->type != field.type;
        });
      }
    }
    return common.value_or(codec::TopicSchema());
  }

 private:
  Result<void> open(const std::string& cursor) {
    cursor_.clear();
    at_end_ = false;
    LEAT_ASSIGN(names_, list_files(files_, options_.base_directory, options_.patterns));
    FileCursor from{.file = names_.front()};
    if (!cursor.empty()) {
      LEAT_ASSIGN(from, file_cursor_of(cursor));
    }
    const auto place = std::find(names_.begin(), names_.end(), from.file);
    if (place == names_.end()) {
      return external_error(Retry::kNo, "{} was being read and is no longer among the files",
                            path_of(from.file).string());
    }
    current_ = static_cast<size_t>(place - names_.begin());
    return open_file(from);
  }

  Result<void> open_file(const FileCursor& from) {
    reader_.reset();
    const Path path = path_of(from.file);
    LEAT_ASSIGN(const FileKind kind, kind_of_file(options_, from.file));
    LEAT_ASSIGN(file_, files_.open(path, OpenMode::kRead));
    LEAT_ASSIGN(const uint64_t size, file_->size());
    if (from.at != ReadPosition()) LEAT_TRY(check_unchanged(from, size));
    LEAT_ASSIGN(fingerprint_, fingerprint_of(*file_, size));
    LEAT_ASSIGN(reader_, make_reader(kind, path, from.at));
    return {};
  }

  Result<void> check_unchanged(const FileCursor& from, uint64_t size) const {
    const Path path = path_of(from.file);
    if (size < from.fingerprint.size) {
      return external_error(Retry::kNo, "{} has shrunk from {} to {} bytes while it was being read",
                            path.string(), from.fingerprint.size, size);
    }
    LEAT_ASSIGN(const Fingerprint now, fingerprint_of(*file_, from.fingerprint.size));
    if (now != from.fingerprint) {
      return external_error(Retry::kNo, "{} has changed while it was being read", path.string());
    }
    return {};
  }

  Result<std::unique_ptr<RecordReader>> make_reader(const FileKind& kind, const Path& path,
                                                    const ReadPosition& from) {
    if (kind.format == FileFormat::kParquet) {
      if (parquet_ == nullptr) {
        return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                           "{}: Parquet cannot be read here", path.string());
      }
      return make_parquet_record_reader(*parquet_, path, from);
    }
    auto stream = make_decompressed_stream(std::make_unique<FileStream>(*file_), kind.compression);
    switch (kind.format) {
      case FileFormat::kNdjson:
        return make_ndjson_reader(std::move(stream), from, options_.key);
      case FileFormat::kCsv:
        return make_csv_reader(std::move(stream), kind.csv, from);
      default:
        return make_json_document_reader(std::move(stream), options_.records, options_.key, from);
    }
  }

  Result<SourceBatch> read_part() {
    const Path path = path_of(names_[current_]);
    auto read = reader_->read(options_.limits);
    if (!read.ok()) {
      reader_.reset();
      const Error& error = read.error();
      return Error(error.domain(), fmt::format("{}: {}", path.string(), error.message()),
                   error.retry(), error.code());
    }
    SourceBatch batch;
    batch.records = std::move(read->records);
    batch.rejected = std::move(read->rejected);
    batch.memory = std::move(read->memory);
    batch.origin = path.string();
    for (const std::string& warning : read->warnings) {
      batch.warnings.push_back(fmt::format("{}: {}", path.string(), warning));
    }
    const bool is_empty = read->end && read->next.record == 0 && batch.rejected.empty();
    if (is_empty) {
      batch.warnings.push_back(fmt::format(
          "{} gave no records: {}", path.string(),
          fingerprint_.size == 0 ? "it is empty" : fmt::format("{} bytes", fingerprint_.size)));
    }
    batch.last = read->end && current_ + 1 == names_.size();
    FileCursor next{.file = names_[current_], .at = read->next, .fingerprint = fingerprint_};
    if (read->end && !batch.last) {
      next = {.file = names_[++current_]};
      reader_.reset();
    }
    at_end_ = batch.last;
    batch.next_cursor = cursor_ = text_of(next);
    return batch;
  }

  Path path_of(const std::string& name) const { return options_.base_directory / name; }

  const FileOptions options_;
  FileSystem& files_;
  ParquetReader* const parquet_;

  std::vector<std::string> names_;
  size_t current_ = 0;
  std::unique_ptr<File> file_;  // outlives reader_, which reads from it
  Fingerprint fingerprint_;
  std::unique_ptr<RecordReader> reader_;  // null: the file at cursor_ is to be opened
  std::string cursor_;                    // what the next batch goes on from
  bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> make_file_source(const config::Node& node,
                                                 const Path& base_directory, FileSystem& files,
                                                 ParquetReader* parquet,
                                                 std::optional<codec::JsonPath> key) {
  LEAT_ASSIGN(FileOptions options, parse_file_options(node, base_directory));
  options.key = std::move(key);
  return std::unique_ptr<Source>(std::make_unique<FileSource>(std::move(options), files, parquet));
}

Result<std::vector<std::string>> check_file_source(const config::Node& node,
                                                   const Path& base_directory, FileSystem& files) {
  LEAT_ASSIGN(const FileOptions options, parse_file_options(node, base_directory));
  std::vector<std::string> warnings;
  for (const std::string& pattern : options.patterns) {
    auto names = list_files(files, base_directory, {&pattern, 1});
    if (!names.ok() && names.error().code() == ErrorCode::kNotFound) {
      // A name without an extension of its own, such as `orders-*`, may stand for any format.
      if (Path(pattern).has_extension()) LEAT_TRY(kind_of_file(options, pattern));
      warnings.push_back(names.error().message() + " now");
      continue;
    }
    LEAT_TRY(names);
    for (const std::string& name : *names) {
      auto file = files.open(base_directory / name, OpenMode::kRead);
      if (!file.ok()) return user_error("{}: {}", options.place, file.error().message());
      LEAT_ASSIGN(const FileKind kind, kind_of_file(options, name));
      if (node["records"] && kind.format != FileFormat::kJson) {
        return user_error("{}: `records` is for JSON documents: in {} a line or row is a record",
                          node["records"].location().to_string(), name);
      }
    }
  }
  return warnings;
}

Connector file_connector() {
  const auto make = [](const SourceContext& context) {
    return make_file_source(context.node, context.directory, context.files, context.parquet,
                            context.key);
  };
  return {.key = file_source_key(), .check = check_file_source, .make = make};
}

}  // namespace leat::source
