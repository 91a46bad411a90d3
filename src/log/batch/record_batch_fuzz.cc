// Any bytes as a record batch: parsing, decompression and decoding end in records or in an error.
#include "log/batch/compression.h"
#include "log/batch/record_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat;
  using namespace leat::log;
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto header = parse_batch_header(bytes);
  if (!header) return 0;
  // The checksum is left out: it would keep the fuzzer from everything behind it.
  Bytes body = bytes.subspan(kBatchHeaderSize);
  ByteBuffer unpacked;
  if (header->compression() != Compression::kNone) {
    auto result = decompress(header->compression(), body, 1 << 20);
    if (!result.ok()) return 0;
    unpacked = std::move(*result);
    body = unpacked.view();
  }
  HeaderArena arena;
  std::vector<RecordView> records;
  static_cast<void>(append_records(*header, body, 0, arena, records));
  static_cast<void>(control_type(*header, body));
  size_t sum = 0;
  for (const RecordView& record : records) {
    for (const char c : record.value.value_or("")) sum += static_cast<unsigned char>(c);
    for (const HeaderView& field : record.headers) sum += field.key.size();
  }
  return sum == SIZE_MAX ? 1 : 0;
}
