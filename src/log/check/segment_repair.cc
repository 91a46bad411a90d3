#include "log/check/segment_repair.h"

#include <algorithm>
#include <limits>

#include "base/damage.h"
#include "log/batch/record_batch_builder.h"
#include "log/segment/segment.h"

namespace leat::log {
namespace {

constexpr size_t kCopyBytes = 1 << 20;
constexpr int64_t kMaxSpan = std::numeric_limits<int32_t>::max();

// Appends to a file. Not synced.
class Output {
 public:
  explicit Output(File& file) : file_(file) {}

  Result<void> copy(const File& from, uint64_t begin, uint64_t end) {
    ByteBuffer buffer;
    while (begin < end) {
      buffer.resize(std::min<uint64_t>(kCopyBytes, end - begin));
      LEAT_ASSIGN(const size_t got, from.read_at(begin, buffer.mutable_view()));
      if (got != buffer.size()) return internal_error("a file became shorter while it was read");
      LEAT_TRY(write(buffer.view()));
      begin += got;
    }
    return {};
  }
  Result<void> write(Bytes bytes) {
    LEAT_TRY(file_.write_at(size_, bytes));
    size_ += bytes.size();
    return {};
  }
  uint64_t size() const { return size_; }

 private:
  File& file_;
  uint64_t size_ = 0;
};

// The bytes [from, to) of the segment in a file of their own.
Result<Path> copy_aside(FileSystem& files, const File& segment, const Path& path, uint64_t from,
                        uint64_t to, const std::string& stamp) {
  Path wanted = path;
  wanted += fmt::format(".{}-{}", from, to);
  LEAT_ASSIGN(Path name, aside_name(files, wanted, stamp));
  LEAT_ASSIGN(const auto file, files.open(name, OpenMode::kCreateNew));
  Output output(*file);
  LEAT_TRY(output.copy(segment, from, to));
  LEAT_TRY(file->sync());
  return name;
}

// What takes the segment's place: its valid batches, with empty ones between them. Returns the
// offsets at its end that nothing stands for yet.
Result<OffsetGap> write_mended(const File& old, const SegmentCheck& check, File& file) {
  Output output(file);
  uint64_t copied = 0;
  OffsetGap at_end;
  for (const BadRange& bad : check.bad) {
    LEAT_TRY(output.copy(old, copied, bad.from));
    copied = bad.to;
    if (bad.to >= check.content_end) {
      at_end = bad.gap;
    } else if (!bad.gap.empty()) {
      LEAT_TRY(output.write(encode_empty_batch(bad.gap.from, bad.gap.to).view()));
    }
  }
  LEAT_TRY(output.copy(old, copied, check.content_end - check.torn_bytes));
  LEAT_TRY(file.sync());
  return at_end;
}

}  // namespace

Result<std::vector<Path>> repair_segment(FileSystem& files, const Path& directory,
                                         const SegmentCheck& check, const std::string& stamp) {
  const Path path = directory / segment_file_name(check.base_offset, kLogExtension);
  const Path mended = directory / segment_file_name(check.base_offset, kCleanedExtension);
  LEAT_ASSIGN(const auto old, files.open(path, OpenMode::kRead));
  std::vector<Path> kept;
  for (const BadRange& bad : check.bad) {
    if (bad.from == bad.to) continue;
    LEAT_ASSIGN(Path copy, copy_aside(files, *old, path, bad.from, bad.to, stamp));
    kept.push_back(std::move(copy));
  }
  if (check.torn_bytes > 0) {
    LEAT_ASSIGN(Path copy, copy_aside(files, *old, path, check.content_end - check.torn_bytes,
                                      check.content_end, stamp));
    kept.push_back(std::move(copy));
  }
  LEAT_TRY(files.sync_directory(directory));

  OffsetGap at_end;
  {
    LEAT_ASSIGN(const auto file, files.open(mended, OpenMode::kCreate));
    LEAT_TRY(file->truncate(0));
    LEAT_ASSIGN(at_end, write_mended(*old, check, *file));
  }
  LEAT_TRY(remove_indexes(files, directory, check.base_offset));
  LEAT_TRY(files.rename(mended, path));
  LEAT_TRY(files.sync_directory(directory));
  if (!at_end.empty()) LEAT_TRY(fill_gap(files, directory, at_end));
  return kept;
}

Result<void> fill_gap(FileSystem& files, const Path& directory, OffsetGap gap) {
  for (int64_t from = gap.from; from < gap.to;) {
    const int64_t to = std::min(gap.to, from + kMaxSpan);
    LEAT_ASSIGN(const auto file,
                files.open(directory / segment_file_name(from, kLogExtension), OpenMode::kCreate));
    LEAT_ASSIGN(const uint64_t size, file->size());
    if (size > 0) {
      return internal_error("{} holds something already",
                            (directory / segment_file_name(from, kLogExtension)).string());
    }
    LEAT_TRY(file->write_at(0, encode_empty_batch(from, to).view()));
    LEAT_TRY(file->sync());
    from = to;
  }
  return files.sync_directory(directory);
}

Result<void> remove_indexes(FileSystem& files, const Path& directory, int64_t base_offset) {
  for (const std::string_view extension : {kIndexExtension, kTimeIndexExtension}) {
    auto removed = files.remove(directory / segment_file_name(base_offset, extension));
    if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) return removed;
  }
  return {};
}

}  // namespace leat::log
