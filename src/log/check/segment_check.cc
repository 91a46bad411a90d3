#include "log/check/segment_check.h"

#include <algorithm>
#include <limits>
#include <map>

#include "log/segment/batch_reader.h"
#include "log/segment/segment.h"

namespace leat::log {
namespace {

using BatchPositions = std::map<uint64_t, int64_t>;  // where valid batches begin, and their offsets

// An index that cannot be decoded, or is missing, is no damage: the next start makes it anew. Nor
// is one that knows a batch in the torn end.
Result<bool> index_misleads(FileSystem& files, const Path& directory, int64_t base, uint64_t size,
                            uint64_t valid_end, const BatchPositions& batches) {
  const auto read = [&](std::string_view extension) {
    return files.read_file(directory / segment_file_name(base, extension));
  };
  const auto offsets = read(kIndexExtension);
  const auto times = read(kTimeIndexExtension);
  if (!offsets.ok() || !times.ok()) return false;
  const auto index = SegmentIndex::decode(base, size, *offsets, *times);
  if (!index.ok()) return false;
  const std::vector<SegmentIndex::Entry> entries = index->entries();
  return std::any_of(entries.begin(), entries.end(), [&](const SegmentIndex::Entry& entry) {
    const auto batch = batches.find(entry.position);
    if (entry.position >= valid_end) return false;
    return batch == batches.end() || batch->second != entry.offset;
  });
}

// Puts the ranges together while a segment is read.
class Findings {
 public:
  Findings(const SegmentBounds& bounds, SegmentCheck& check) : bounds_(bounds), check_(check) {}

  // The next valid batch has the offset `base` and begins at `position`.
  void batch(int64_t base, uint64_t position, int64_t next_offset) {
    if (base > next_ && !bounds_.gaps_allowed) bad(position, position, base);
    batches_[position] = base;
    next_ = next_offset;
  }
  // Bytes [from, to) are no batch; the next one has the offset `resumes_at`.
  void bad(uint64_t from, uint64_t to, int64_t resumes_at, std::string why = {}) {
    check_.bad.push_back({from, to, {next_, resumes_at}, std::move(why)});
    next_ = std::max(next_, resumes_at);
  }
  // The valid batches end at `position`; content that is none goes on to `content_end`.
  void end(uint64_t position, uint64_t content_end) {
    const bool last = bounds_.next_base < 0;
    const int64_t expected_end = last ? bounds_.recovery_point : bounds_.next_base;
    const bool acknowledged = !last || next_ < expected_end;
    if (content_end > position && acknowledged) {
      bad(position, content_end, std::max(next_, expected_end));
    } else if (content_end > position) {
      check_.torn_bytes = content_end - position;
    } else if (next_ < expected_end && (last || !bounds_.gaps_allowed)) {
      bad(position, position, expected_end);
    }
    check_.content_end = content_end;
    check_.end_offset = last ? next_ : bounds_.next_base;
  }
  const BatchPositions& batches() const { return batches_; }
  void begin_at(int64_t offset) { next_ = offset; }

 private:
  const SegmentBounds& bounds_;
  SegmentCheck& check_;
  int64_t next_ = 0;
  BatchPositions batches_;
};

}  // namespace

Result<SegmentCheck> check_segment(FileSystem& files, const Path& directory,
                                   const SegmentBounds& bounds) {
  SegmentCheck check{.base_offset = bounds.base_offset, .bad = {}};
  LEAT_ASSIGN(const auto file,
              files.open(directory / segment_file_name(bounds.base_offset, kLogExtension),
                         OpenMode::kRead));
  LEAT_ASSIGN(const uint64_t size, file->size());
  BatchReader reader(
      *file, {.to = size,
              .first_offset = bounds.base_offset,
              .end_offset =
                  bounds.next_base < 0 ? std::numeric_limits<int64_t>::max() : bounds.next_base});
  Findings findings(bounds, check);
  findings.begin_at(bounds.base_offset);
  uint64_t position = 0;
  while (true) {
    LEAT_ASSIGN(const BatchReader::Item item, reader.next());
    if (item.kind == BatchReader::Kind::kDamage) {
      findings.bad(item.position, item.resume_position, item.header.base_offset);
      continue;
    }
    if (item.kind != BatchReader::Kind::kBatch) break;
    position = item.position + item.header.size();
    auto wrong = bounds.records == nullptr
                     ? std::nullopt
                     : wrong_with_batch(item.header, item.bytes, *bounds.records);
    if (wrong) {
      findings.bad(item.position, position, item.header.next_offset(), std::move(*wrong));
    } else {
      findings.batch(item.header.base_offset, item.position, item.header.next_offset());
    }
  }
  LEAT_ASSIGN(const uint64_t content_end, end_of_content(*file, position, size));
  findings.end(position, content_end);
  LEAT_ASSIGN(check.index_is_wrong,
              index_misleads(files, directory, bounds.base_offset, size,
                             content_end - check.torn_bytes, findings.batches()));
  return check;
}

}  // namespace leat::log
