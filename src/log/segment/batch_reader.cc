#include "log/segment/batch_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace leat::log {
namespace {

constexpr size_t kReadAhead = 1 << 20;
constexpr size_t kMagicAt = 16;
// Offsets of one segment span at most this much; a larger one is not from this segment.
constexpr int64_t kMaxOffsetSpan = std::numeric_limits<int32_t>::max();

}  // namespace

BatchReader::BatchReader(const File& file, const Options& options)
    : file_(file), options_(options), position_(options.from), next_offset_(options.first_offset) {}

Result<Bytes> BatchReader::bytes_at(uint64_t position, size_t size) {
  const uint64_t buffered_to = buffer_position_ + buffer_.size();
  if (position < buffer_position_ || position + size > buffered_to) {
    buffer_.clear();
    buffer_.resize(
        std::max<uint64_t>(size, std::min<uint64_t>(kReadAhead, options_.to - position)));
    LEAT_ASSIGN(const size_t got, file_.read_at(position, buffer_.mutable_view()));
    buffer_.resize(got);
    buffer_position_ = position;
  }
  const size_t begin = position - buffer_position_;
  return buffer_.view().subspan(begin, std::min(size, buffer_.size() - begin));
}

Result<std::optional<BatchHeader>> BatchReader::valid_batch_at(uint64_t position,
                                                               int64_t min_offset, bool verify) {
  std::optional<BatchHeader> none;
  if (options_.to - position < kBatchHeaderSize) return none;
  LEAT_ASSIGN(const Bytes head, bytes_at(position, kBatchHeaderSize));
  const auto header = parse_batch_header(head);
  if (!header || header->size() > options_.to - position || header->base_offset < min_offset ||
      header->base_offset > min_offset + kMaxOffsetSpan ||
      header->next_offset() > options_.end_offset) {
    return none;
  }
  if (!verify) return header;
  LEAT_ASSIGN(const Bytes bytes, bytes_at(position, header->size()));
  if (bytes.size() != header->size() || !batch_checksum_holds(*header, bytes)) return none;
  return header;
}

Result<BatchReader::Item> BatchReader::next() {
  Item item;
  item.position = position_;
  if (position_ >= options_.to) return item;
  const bool verify = next_offset_ >= options_.checksum_from;
  LEAT_ASSIGN(auto header, valid_batch_at(position_, next_offset_, verify));
  if (header) {
    LEAT_ASSIGN(const bool contradicted,
                is_contradicted(file_, *header, position_, options_.to, next_offset_));
    if (contradicted) header.reset();
  }
  if (header) {
    item.kind = Kind::kBatch;
    item.header = *header;
    LEAT_ASSIGN(item.bytes, bytes_at(position_, header->size()));
    if (item.bytes.size() == header->size()) {
      position_ += header->size();
      next_offset_ = header->next_offset();
      return item;
    }
  }
  LEAT_ASSIGN(const auto found, find_batch(file_, position_ + 1, options_.to, next_offset_));
  if (!found) {
    item.kind = Kind::kTail;
    position_ = options_.to;
    return item;
  }
  item.kind = Kind::kDamage;
  item.resume_position = found->position;
  item.header = found->header;
  position_ = found->position;
  return item;
}

Result<bool> is_contradicted(const File& file, const BatchHeader& header, uint64_t position,
                             uint64_t to, int64_t expected) {
  const uint64_t after = position + header.size();
  if (header.base_offset == expected || after + kBatchHeaderSize > to) return false;
  std::array<std::byte, kBatchHeaderSize> head;
  LEAT_ASSIGN(const size_t got, file.read_at(after, head));
  const auto following = parse_batch_header(Bytes(head.data(), got));
  return following && following->base_offset >= expected &&
         following->base_offset < header.next_offset();
}

Result<std::optional<FoundBatch>> find_batch(const File& file, uint64_t from, uint64_t to,
                                             int64_t min_offset) {
  std::optional<FoundBatch> none;
  ByteBuffer window;
  ByteBuffer whole;
  for (uint64_t at = from; at + kBatchHeaderSize <= to;) {
    window.resize(std::min<uint64_t>(kReadAhead, to - at));
    LEAT_ASSIGN(const size_t got, file.read_at(at, window.mutable_view()));
    if (got < kBatchHeaderSize) return none;
    const size_t last = got - kBatchHeaderSize;
    for (size_t i = 0; i <= last; ++i) {
      // Candidates are where the magic byte, 2, stands in its place.
      const void* const magic = std::memchr(window.data() + i + kMagicAt, 2, last - i + 1);
      if (magic == nullptr) break;
      i = static_cast<size_t>(static_cast<const std::byte*>(magic) - window.data()) - kMagicAt;
      const auto header = parse_batch_header(window.view().subspan(i, got - i));
      if (!header || header->base_offset < min_offset ||
          header->base_offset > min_offset + kMaxOffsetSpan || header->size() > to - (at + i)) {
        continue;
      }
      whole.resize(header->size());
      LEAT_ASSIGN(const size_t read, file.read_at(at + i, whole.mutable_view()));
      if (read != header->size() || !batch_checksum_holds(*header, whole.view())) continue;
      LEAT_ASSIGN(const bool contradicted, is_contradicted(file, *header, at + i, to, min_offset));
      if (!contradicted) return std::optional(FoundBatch{at + i, *header});
    }
    at += last + 1;
  }
  return none;
}

Result<uint64_t> end_of_content(const File& file, uint64_t from, uint64_t to) {
  ByteBuffer window;
  for (uint64_t end = to; end > from;) {
    const uint64_t begin = end - from > kReadAhead ? end - kReadAhead : from;
    window.resize(end - begin);
    LEAT_ASSIGN(const size_t got, file.read_at(begin, window.mutable_view()));
    for (size_t i = got; i > 0; --i) {
      if (window.data()[i - 1] != std::byte{0}) return begin + i;
    }
    end = begin;
  }
  return from;
}

}  // namespace leat::log
