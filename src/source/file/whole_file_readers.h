// Readers that count records instead of bytes: a JSON document, and Parquet rows.
#pragma once

#include <memory>

#include "base/file_system.h"
#include "codec/json_path.h"
#include "source/file/parquet_reader.h"
#include "source/format/byte_stream.h"
#include "source/format/record_reader.h"

namespace leat::source {

// Reads the document whole at the first read(), at most kMaxDocumentBytes of it. Keys are looked
// for at `key`.
inline constexpr uint64_t kMaxDocumentBytes = 1 << 30;
std::unique_ptr<RecordReader> make_json_document_reader(std::unique_ptr<ByteStream> stream,
                                                        codec::JsonPath records,
                                                        std::optional<codec::JsonPath> key,
                                                        ReadPosition from);

// `parquet` outlives the reader.
std::unique_ptr<RecordReader> make_parquet_record_reader(ParquetReader& parquet, Path path,
                                                         ReadPosition from);

}  // namespace leat::source
