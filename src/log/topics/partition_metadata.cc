#include "log/topics/partition_metadata.h"

#include <fmt/format.h>

namespace leat::log {
namespace {

constexpr std::string_view kBeforeId = "version: 0\ntopic_id: ";

std::string content_for(const TopicId& id) {
  return fmt::format("{}{}\n", kBeforeId, id.to_string());
}

}  // namespace

Result<void> write_partition_metadata(FileSystem& files, const Path& directory, const TopicId& id) {
  const Path path = directory / kPartitionMetadataName;
  const std::string content = content_for(id);
  if (const auto there = files.read_file(path); there.ok() && *there == content) return {};
  LEAT_ASSIGN(const auto file, files.open(path, OpenMode::kCreate));
  LEAT_TRY(file->truncate(0));
  LEAT_TRY(file->write_at(0, as_bytes(content)));
  return file->sync();
}

std::optional<TopicId> read_partition_metadata(FileSystem& files, const Path& directory) {
  const auto content = files.read_file(directory / kPartitionMetadataName);
  if (!content.ok() || !content->starts_with(kBeforeId)) return std::nullopt;
  std::string_view text = *content;
  text.remove_prefix(kBeforeId.size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto id = TopicId::parse(text);
  if (!id || id->is_zero() || *content != content_for(*id)) return std::nullopt;
  return id;
}

}  // namespace leat::log
