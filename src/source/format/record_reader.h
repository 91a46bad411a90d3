// Records out of a stream of bytes, a part at a time: what NDJSON lines, CSV rows, JSON documents
// and Parquet rows have in common for files and HTTP responses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/source.h"

namespace leat::source {

// Every record has this many readable bytes after it (codec's parsers read in blocks).
inline constexpr size_t kRecordPadding = 64;

// A line or row longer than this is rejected; its first kRejectedBytes are kept.
inline constexpr size_t kMaxRecordBytes = 16 << 20;
inline constexpr size_t kRejectedBytes = 64 << 10;

// Where the next record begins. NDJSON and CSV use byte and line, JSON and Parquet record.
struct ReadPosition {
  uint64_t byte = 0;    // in the decompressed content
  uint64_t line = 1;    // the line that byte is the beginning of
  uint64_t record = 0;  // records before it
  bool operator==(const ReadPosition&) const = default;
};

// A part ends at whichever limit comes first; it always advances unless the end was reached.
struct PartLimits {
  size_t bytes = 4 << 20;
  size_t records = 10'000;
};

struct RecordPart {
  std::vector<SourceRecord> records;
  std::vector<RejectedRecord> rejected;
  std::shared_ptr<const void> memory;  // owns the bytes of `records`
  ReadPosition next;
  bool end = false;                        // nothing follows
  std::vector<std::string> warnings = {};  // of its first part: what the user should know
};

// Not thread-safe.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // The same position and limits give the same part. Errors: external when the content is damaged.
  virtual Result<RecordPart> read(const PartLimits& limits) = 0;
};

// The byte order mark of UTF-8, which says nothing.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Errors (user): the text begins with the byte order mark of UTF-16 or UTF-32, or with characters
// of two bytes as those have them.
Result<void> refuse_utf16(std::string_view beginning);

}  // namespace leat::source
