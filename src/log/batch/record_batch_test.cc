#include "log/batch/record_batch.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "log/batch/compression.h"
#include "log/batch/crc32c.h"
#include "log/batch/record_batch_builder.h"
#include "log/batch/varint.h"

namespace leat::log {
namespace {

ByteBuffer encode(std::span<const NewRecord> records, BatchProducer producer = {}) {
  auto batches = encode_batches(records, producer, 99, 1 << 20, 1 << 20);
  EXPECT_TRUE(batches.ok());
  EXPECT_EQ(batches->size(), 1u);
  return std::move(batches->front());
}

Result<std::vector<RecordView>> decode(const ByteBuffer& batch, HeaderArena& arena,
                                       int64_t from = 0) {
  std::vector<RecordView> records;
  const auto header = parse_batch_header(batch.view());
  if (!header) return internal_error("no header");
  LEAT_TRY(append_records(*header, batch.view().subspan(kBatchHeaderSize), from, arena, records));
  return records;
}

TEST(Varint, KnownEncodings) {
  const auto bytes_of = [](int64_t value) {
    std::byte bytes[kMaxVarintSize];
    const std::byte* const end = write_varint(bytes, value);
    EXPECT_EQ(static_cast<size_t>(end - bytes), varint_size(value));
    return std::vector<std::byte>(static_cast<const std::byte*>(bytes), end);
  };
  EXPECT_EQ(bytes_of(0), std::vector{std::byte{0}});
  EXPECT_EQ(bytes_of(-1), std::vector{std::byte{1}});
  EXPECT_EQ(bytes_of(-65), (std::vector{std::byte{0x81}, std::byte{1}}));
  EXPECT_EQ(bytes_of(300), (std::vector{std::byte{0xd8}, std::byte{4}}));
  for (const int64_t value :
       {int64_t{0}, int64_t{63}, int64_t{64}, INT64_MAX, INT64_MIN, int64_t{-12345}}) {
    const auto bytes = bytes_of(value);
    int64_t read = 0;
    EXPECT_EQ(read_varint(bytes.data(), bytes.data() + bytes.size(), read),
              bytes.data() + bytes.size());
    EXPECT_EQ(read, value);
    EXPECT_EQ(read_varint(bytes.data(), bytes.data() + bytes.size() - 1, read), nullptr);
  }
}

// Field by field as KIP-98 lays them out, so that the layout cannot drift on both sides at once.
TEST(RecordBatch, HasKafkasLayout) {
  const NewRecord records[] = {{.key = "k", .value = "v1", .timestamp_ms = 1'000},
                               {.key = std::nullopt, .value = "v2", .timestamp_ms = 1'005}};
  const ByteBuffer batch =
      encode(records, {.id = 7, .epoch = 3, .base_sequence = 11, .transactional = true});
  const std::byte* const at = batch.data();
  EXPECT_EQ(load_big_endian<int64_t>(at), 0);
  EXPECT_EQ(load_big_endian<int32_t>(at + 8), static_cast<int32_t>(batch.size()) - 12);
  EXPECT_EQ(static_cast<int>(at[16]), 2);
  EXPECT_EQ(load_big_endian<uint32_t>(at + 17), crc32c(batch.view().subspan(21)));
  EXPECT_EQ(load_big_endian<int16_t>(at + 21), 0x10);
  EXPECT_EQ(load_big_endian<int32_t>(at + 23), 1);
  EXPECT_EQ(load_big_endian<int64_t>(at + 27), 1'000);
  EXPECT_EQ(load_big_endian<int64_t>(at + 35), 1'005);
  EXPECT_EQ(load_big_endian<int64_t>(at + 43), 7);
  EXPECT_EQ(load_big_endian<int16_t>(at + 51), 3);
  EXPECT_EQ(load_big_endian<int32_t>(at + 53), 11);
  EXPECT_EQ(load_big_endian<int32_t>(at + 57), 2);
  // length 9, attributes, time +0, offset +0, key "k", value "v1", no headers
  EXPECT_EQ(as_text(batch.view().subspan(61, 10)), std::string_view("\x12\0\0\0\x02k\x04v1\0", 10));
  // length 8, attributes, time +5, offset +1, no key, value "v2", no headers
  EXPECT_EQ(as_text(batch.view().subspan(71)), std::string_view("\x10\0\x0a\x02\x01\x04v2\0", 9));
}

TEST(RecordBatch, BaseOffsetIsOutsideTheChecksum) {
  const NewRecord record{.key = "k", .value = "v"};
  ByteBuffer batch = encode({&record, 1});
  set_base_offset(batch.mutable_view(), 1'000);
  const auto header = parse_batch_header(batch.view());
  ASSERT_TRUE(header);
  EXPECT_TRUE(batch_checksum_holds(*header, batch.view()));
  HeaderArena arena;
  const auto records = decode(batch, arena);
  ASSERT_TRUE(records.ok());
  EXPECT_EQ((*records)[0].offset, 1'000);
  EXPECT_EQ((*records)[0].timestamp_ms, 99);
}

TEST(RecordBatch, LogAppendTimeGivesAllRecordsTheBatchsTime) {
  const NewRecord records[] = {{.key = "a", .value = "1", .timestamp_ms = 10},
                               {.key = "b", .value = "2", .timestamp_ms = 20}};
  ByteBuffer batch = encode(records);
  batch.data()[22] |= std::byte{0x08};
  HeaderArena arena;
  const auto read = decode(batch, arena);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)[0].timestamp_ms, 20);
}

TEST(RecordBatch, RecordsBeforeTheWantedOffsetAreLeftOut) {
  std::vector<NewRecord> records(10, {.key = "k", .value = "v"});
  HeaderArena arena;
  const auto read = decode(encode(records), arena, 7);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ(read->front().offset, 7);
}

TEST(RecordBatch, MarkersSayWhatTheyAre) {
  for (const ControlType type : {ControlType::kAbort, ControlType::kCommit}) {
    const ByteBuffer batch = encode_control_batch(type, 5, 2, 77);
    const auto header = parse_batch_header(batch.view());
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->is_control());
    EXPECT_TRUE(header->is_transactional());
    EXPECT_EQ(header->producer_id, 5);
    EXPECT_EQ(control_type(*header, batch.view().subspan(kBatchHeaderSize)).value(), type);
  }
}

TEST(RecordBatch, EveryFlippedBitIsNoticed) {
  const HeaderView headers[] = {{"h", "v"}};
  const NewRecord record{.key = "key", .value = "value", .timestamp_ms = 5, .headers = headers};
  ByteBuffer batch = encode({&record, 1});
  for (size_t i = 16; i < batch.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const std::byte mask{static_cast<uint8_t>(1 << bit)};
      batch.data()[i] ^= mask;
      const auto header = parse_batch_header(batch.view());
      EXPECT_FALSE(header && batch_checksum_holds(*header, batch.view())) << i << ":" << bit;
      batch.data()[i] ^= mask;
    }
  }
}

TEST(RecordBatch, DamagedRecordsAreErrorsNeverReadsOutside) {
  const HeaderView headers[] = {{"h", "v"}, {"n", std::nullopt}};
  const NewRecord record{.key = "key", .value = "value", .timestamp_ms = 5, .headers = headers};
  const ByteBuffer whole = encode({&record, 1});
  const auto header = parse_batch_header(whole.view());
  ASSERT_TRUE(header);
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    // A heap block of its own size, so that the address sanitizer sees every step outside.
    const Bytes body = whole.view().subspan(kBatchHeaderSize);
    std::vector<std::byte> damaged(
        body.begin(), body.begin() + static_cast<ptrdiff_t>(random() % (body.size() + 1)));
    if (!damaged.empty()) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    HeaderArena arena;
    std::vector<RecordView> records;
    static_cast<void>(append_records(*header, damaged, 0, arena, records));
  }
}

TEST(EncodeBatches, CutsAtTheTargetAndRefusesWhatIsTooLarge) {
  const std::string value(1'000, 'x');
  std::vector<NewRecord> records(10, {.key = std::nullopt, .value = value});
  EXPECT_EQ(encode_batches(records, {}, 1, 3'500, 10'000)->size(), 4u);
  const auto refused = encode_batches(records, {}, 1, 3'500, 900);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid);
  EXPECT_TRUE(encode_batches({}, {}, 1, 100, 100)->empty());
}

TEST(EncodeBatches, SequencesGoOnAndWrap) {
  EXPECT_EQ(next_sequence(5, 3), 8);
  EXPECT_EQ(next_sequence(INT32_MAX, 1), 0);
  EXPECT_EQ(next_sequence(INT32_MAX - 1, 5), 3);
}

class Decompression : public testing::Test {
 protected:
  Decompression() {
    for (int i = 0; i < 5'000; ++i) text_ += std::to_string(i * i);
  }
  void expect_text(Compression compression, std::string_view packed) {
    const auto unpacked = decompress(compression, as_bytes(packed), text_.size());
    ASSERT_TRUE(unpacked.ok()) << unpacked.error().to_string();
    EXPECT_EQ(as_text(unpacked->view()), text_);
    EXPECT_EQ(decompress(compression, as_bytes(packed), text_.size() - 1).error().code(),
              ErrorCode::kCorrupt);
    EXPECT_FALSE(
        decompress(compression, as_bytes(packed.substr(0, packed.size() / 2)), 1 << 20).ok());
    EXPECT_FALSE(decompress(compression, {}, 1 << 20).ok());
  }
  std::string text_;
};

TEST_F(Decompression, Gzip) {
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text_.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text_.data());
  stream.avail_in = static_cast<uInt>(text_.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  expect_text(Compression::kGzip, packed);
}

TEST_F(Decompression, SnappyRawAndXerial) {
  std::string packed;
  snappy::Compress(text_.data(), text_.size(), &packed);
  expect_text(Compression::kSnappy, packed);

  std::string framed("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
  for (size_t at = 0; at < text_.size(); at += 10'000) {
    snappy::Compress(text_.data() + at, std::min<size_t>(10'000, text_.size() - at), &packed);
    char size[4];
    store_big_endian<int32_t>(size, static_cast<int32_t>(packed.size()));
    framed.append(size, 4).append(packed);
  }
  expect_text(Compression::kSnappy, framed);
}

TEST_F(Decompression, Lz4Frame) {
  std::string packed(LZ4F_compressFrameBound(text_.size(), nullptr), '\0');
  packed.resize(
      LZ4F_compressFrame(packed.data(), packed.size(), text_.data(), text_.size(), nullptr));
  expect_text(Compression::kLz4, packed);
}

TEST_F(Decompression, Zstd) {
  std::string packed(ZSTD_compressBound(text_.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text_.data(), text_.size(), 3));
  expect_text(Compression::kZstd, packed);
}

}  // namespace
}  // namespace leat::log
