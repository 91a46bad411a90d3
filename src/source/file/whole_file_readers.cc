#include "source/file/whole_file_readers.h"

#include <algorithm>
#include <utility>

#include "source/format/json_document.h"

namespace leat::source {
namespace {

class JsonDocumentReader final : public RecordReader {
 public:
  JsonDocumentReader(std::unique_ptr<ByteStream> stream, codec::JsonPath path,
                     std::optional<codec::JsonPath> key, ReadPosition from)
      : stream_(std::move(stream)), path_(std::move(path)), key_(std::move(key)), at_(from) {}

  Result<RecordPart> read(const PartLimits& limits) override {
    if (!document_) LEAT_TRY(open());
    RecordPart part;
    // What is wrong with the document is told with its first part.
    if (at_.record == 0) part.rejected = std::move(rejected_);
    size_t bytes = 0;
    while (at_.record < records_.size() && bytes < limits.bytes &&
           part.records.size() < limits.records) {
      bytes += records_[at_.record].value.size();
      part.records.push_back(records_[at_.record++]);
    }
    part.memory = document_;
    part.next = at_;
    part.end = at_.record >= records_.size();
    return part;
  }

 private:
  Result<void> open() {
    auto document = std::make_shared<std::string>();
    size_t size = 0;
    for (;;) {
      document->resize(std::max<size_t>(size * 2, 1 << 16));
      LEAT_ASSIGN(const size_t got,
                  stream_->read({reinterpret_cast<std::byte*>(document->data()) + size,
                                 document->size() - size}));
      if (got == 0) break;
      size += got;
      if (size > kMaxDocumentBytes) {
        return user_error("a JSON document of more than {} bytes; write one record a line (NDJSON)",
                          kMaxDocumentBytes);
      }
    }
    document->resize(size + kRecordPadding);
    std::fill(document->begin() + static_cast<ptrdiff_t>(size), document->end(), '\0');
    auto records = records_of_document(path_, std::string_view(*document).substr(0, size),
                                       key_ ? &*key_ : nullptr);
    if (!records.ok()) {
      // A file stays as it is: trying again does not help.
      return Error(records.error().domain(), records.error().message(), Retry::kNo,
                   records.error().code());
    }
    records_ = std::move(records->records);
    rejected_ = std::move(records->rejected);
    document_ = records->memory ? std::move(records->memory) : std::move(document);
    return {};
  }

  const std::unique_ptr<ByteStream> stream_;
  const codec::JsonPath path_;
  const std::optional<codec::JsonPath> key_;
  ReadPosition at_;
  std::shared_ptr<const std::string> document_;
  std::vector<SourceRecord> records_;
  std::vector<RejectedRecord> rejected_;
};

class ParquetRecordReader final : public RecordReader {
 public:
  ParquetRecordReader(ParquetReader& parquet, Path path, ReadPosition from)
      : parquet_(parquet), path_(std::move(path)), at_(from) {}

  Result<RecordPart> read(const PartLimits& limits) override {
    RecordPart part;
    if (at_.record == 0) {
      LEAT_ASSIGN(auto types, parquet_.types(path_));
      part.warnings = std::move(types.warnings);
    }
    LEAT_ASSIGN(const auto rows, parquet_.rows(path_, at_.record, limits.records));
    size_t size = kRecordPadding;
    for (const std::string& row : rows) size += row.size();
    auto memory = std::make_shared<std::string>();
    memory->reserve(size);  // no row moves while views of the others exist
    for (const std::string& row : rows) {
      const size_t begin = memory->size();
      memory->append(row);
      part.records.push_back({std::string_view(memory->data() + begin, row.size())});
    }
    memory->append(kRecordPadding, '\0');
    at_.record += rows.size();
    part.memory = std::move(memory);
    part.next = at_;
    part.end = rows.size() < limits.records;
    return part;
  }

 private:
  ParquetReader& parquet_;
  const Path path_;
  ReadPosition at_;
};

}  // namespace

std::unique_ptr<RecordReader> make_json_document_reader(std::unique_ptr<ByteStream> stream,
                                                        codec::JsonPath records,
                                                        std::optional<codec::JsonPath> key,
                                                        ReadPosition from) {
  return std::make_unique<JsonDocumentReader>(std::move(stream), std::move(records), std::move(key),
                                              from);
}

std::unique_ptr<RecordReader> make_parquet_record_reader(ParquetReader& parquet, Path path,
                                                         ReadPosition from) {
  return std::make_unique<ParquetRecordReader>(parquet, std::move(path), from);
}

}  // namespace leat::source
