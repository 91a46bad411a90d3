#include "log/check/record_check.h"

#include <vector>

#include "log/batch/compression.h"
#include "log/log_options.h"
#include "log/transaction/transaction_record.h"

namespace leat::log {

std::optional<std::string> wrong_with_batch(const BatchHeader& header, Bytes batch,
                                            const RecordCheck& check) {
  if (header.is_control()) return std::nullopt;
  Bytes body = batch.subspan(kBatchHeaderSize);
  ByteBuffer decompressed;
  if (header.compression() != Compression::kNone) {
    auto done = decompress(header.compression(), body, LogOptions{}.max_decompressed_bytes);
    if (!done.ok()) return std::nullopt;  // reading says so
    decompressed = std::move(*done);
    body = Bytes(decompressed.data(), decompressed.size());
  }
  HeaderArena arena;
  std::vector<RecordView> records;
  if (!append_records(header, body, header.base_offset, arena, records).ok()) return std::nullopt;
  for (const RecordView& record : records) {
    if (auto wrong = check(record)) return wrong;
  }
  return std::nullopt;
}

std::optional<std::string> wrong_with_transaction_record(const RecordView& record) {
  if (!record.key) return "it has no key";
  if (!record.value) return std::nullopt;
  const auto decoded = decode_transaction_record(*record.value);
  if (decoded.ok() || decoded.error().code() != ErrorCode::kCorrupt) return std::nullopt;
  return decoded.error().message();
}

}  // namespace leat::log
