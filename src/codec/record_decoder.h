// Records straight into DuckDB vectors: only the fields that a query names are decoded.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace leat::codec {

// A field that is not decoded though the projection takes all, or has one of nearly that name.
struct LeftOut {
  std::string reason;
  uint64_t times = 0;
};
using LeftOutFields = std::map<std::string, LeftOut>;  // by path
inline constexpr size_t kMostLeftOut = 100;
// Further ones are counted together, under a path that no field has.
inline constexpr std::string_view kFurtherLeftOut = "";
void add_left_out(LeftOutFields& to, const LeftOutFields& more);

enum class DecodeStatus : uint8_t {
  kDecoded,
  kMalformed,  // no record of the format: `message` says what is wrong, and where
  kMisfit,     // valid, but a value does not fit the projected type or a field is new: `message`
};

struct DecodeOutcome {
  DecodeStatus status = DecodeStatus::kDecoded;
  std::string message;  // "not JSON: … at byte 17", "location.postcode is a string, not a BIGINT"
};

// One for each format of records and projection. Reusable; not thread-safe. Called once a record:
// what is done for each field stays behind it.
class RecordDecoder {
 public:
  RecordDecoder() = default;
  virtual ~RecordDecoder() = default;
  RecordDecoder(const RecordDecoder&) = delete;
  RecordDecoder& operator=(const RecordDecoder&) = delete;

  // Writes row `row` of `vectors` (one per top-level field of the projection, of the types that
  // Type::duckdb_type() gives). `record` has >= 64 readable bytes after it. On kMalformed and
  // kMisfit the row's contents are unspecified (NULLs, in fact), and lists have the size that they
  // had. A null or absent field is NULL. REQUIRES: a chunk that is new, or was reset, is not
  // begun at the row that follows the one of the last call (begin at row 0).
  virtual DecodeOutcome decode(std::string_view record, std::span<const duckdb_vector> vectors,
                               idx_t row) = 0;
  // What was left out of the records that were decoded, since it was last taken.
  virtual LeftOutFields take_left_out() = 0;
};

}  // namespace leat::codec
