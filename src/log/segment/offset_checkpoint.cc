#include "log/segment/offset_checkpoint.h"

#include <sstream>

namespace leat::log {

Result<OffsetCheckpoint> read_offset_checkpoint(FileSystem& files, const Path& path) {
  auto text = files.read_file(path);
  if (!text.ok()) {
    if (text.error().code() == ErrorCode::kNotFound) return OffsetCheckpoint{};
    return std::move(text).error();
  }
  std::istringstream lines(*text);
  int version = 0;
  size_t count = 0;
  if (!(lines >> version)) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "{} is damaged; run `leat repair`", path.string());
  }
  if (version != 0) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kUnsupported,
                       "{} has version {}, and this version knows 0: a newer Leat wrote it; use "
                       "that one",
                       path.string(), version);
  }
  OffsetCheckpoint offsets;
  lines >> count;
  TopicPartition partition;
  int64_t offset = 0;
  while (lines >> partition.topic >> partition.partition >> offset) {
    if (offset < 0) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                         "{} is damaged: {} has the offset {}; run `leat repair`", path.string(),
                         partition.to_string(), offset);
    }
    offsets[partition] = offset;
  }
  if (offsets.size() != count) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kCorrupt,
                       "{} is damaged: {} lines instead of {}; run `leat repair`", path.string(),
                       offsets.size(), count);
  }
  return offsets;
}

Result<void> write_offset_checkpoint(FileSystem& files, const Path& path,
                                     const OffsetCheckpoint& offsets) {
  std::string text = fmt::format("0\n{}\n", offsets.size());
  for (const auto& [partition, offset] : offsets) {
    text += fmt::format("{} {} {}\n", partition.topic, partition.partition, offset);
  }
  return files.replace_file(path, text);
}

}  // namespace leat::log
