#include "node/repair/misplaced.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "log/log_files.h"
#include "log/topics/topic_catalog.h"

namespace leat::node {
namespace {

namespace fs = std::filesystem;

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_name_of_file(const Path& path) {
  constexpr std::array<std::string_view, 6> kNames = {
      "meta.db",         "meta.db-wal",           "meta.db-shm",
      log::kCatalogName, log::kRecoveryPointName, log::kLogStartName};
  constexpr std::array<std::string_view, 6> kExtensions = {".log",      ".index",  ".timeindex",
                                                           ".snapshot", ".duckdb", ".wal"};
  return is_one_of(path.filename().native(), kNames) ||
         is_one_of(path.extension().native(), kExtensions);
}

// "orders-0"; nullopt: no partition's folder is called so.
std::optional<log::TopicPartition> partition_of(const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  log::TopicPartition partition{name.substr(0, dash), 0};
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + dash + 1, end, partition.partition);
  if (error != std::errc() || partition.to_string() != name) return std::nullopt;
  return partition;
}

bool is_name_of_folder(const Path& path, const Path& data) {
  return path == data / "log" || path == data / "pipelines" ||
         (path.parent_path() == data / "log" && partition_of(path.filename().native()));
}

std::string kind_name(const Path& path) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(path, error)) && !fs::exists(path, error)) {
    return "a link that leads nowhere";
  }
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return "a folder";
  if (fs::is_regular_file(status)) return "a file";
  return "no file, but a pipe, a socket or a device";
}

Damage in_the_way(FileSystem& files, const Path& path, const std::string& stamp) {
  return {.file = path,
          .what = fmt::format("{} is in its place", kind_name(path)),
          .remedy = "sets it aside",
          .loss = "",
          .mend = [&files, path, stamp]() -> Result<std::vector<Path>> {
            LEAT_ASSIGN(Path aside, set_aside(files, path, stamp));
            return std::vector<Path>{std::move(aside)};
          }};
}

// The folders of partitions that the next start opens: those that the list names, or all that there
// are when it cannot be read and is made anew from them.
Result<std::vector<Path>> partition_folders(OwnFiles& files, FileSystem& real, const Path& log) {
  std::optional<log::TopicCatalog> topics;
  if (const auto text = files.read_file(log / log::kCatalogName); text.ok()) {
    if (auto decoded = log::decode_topic_catalog(*text); decoded.ok()) topics = std::move(*decoded);
  }
  std::vector<Path> folders;
  LEAT_ASSIGN(const auto names, real.list(log));
  for (const std::string& name : names) {
    const auto partition = partition_of(name);
    if (!partition) continue;
    if (topics) {
      const auto topic = topics->find(partition->topic);
      if (topic == topics->end() || topic->second.deleted ||
          partition->partition >= topic->second.config.partitions)
        continue;
    }
    folders.push_back(log / name);
  }
  return folders;
}

}  // namespace

Result<std::vector<Damage>> misplaced(OwnFiles& files, FileSystem& real, const Path& data,
                                      const std::string& stamp) {
  std::vector<Path> folders = {data, data / "log", data / "pipelines"};
  if (files.fits(data / "log")) {
    LEAT_ASSIGN(const bool has_log, files.exists(data / "log"));
    if (has_log) {
      LEAT_ASSIGN(const auto partitions, partition_folders(files, real, data / "log"));
      folders.insert(folders.end(), partitions.begin(), partitions.end());
    }
  }
  std::vector<Damage> found;
  for (const Path& folder : folders) {
    if (!files.fits(folder)) {
      found.push_back(in_the_way(real, folder, stamp));
      continue;
    }
    LEAT_ASSIGN(const bool exists, files.exists(folder));
    if (!exists) continue;
    LEAT_ASSIGN(const auto names, real.list(folder));
    for (const std::string& name : names) {
      const Path path = folder / name;
      if (is_name_of_file(path) && !files.fits(path)) {
        found.push_back(in_the_way(real, path, stamp));
      }
    }
  }
  return found;
}

bool OwnFiles::fits(const Path& path) const {
  const bool file = is_name_of_file(path);
  if (!file && !is_name_of_folder(path, data_)) return true;
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return true;
  const fs::file_status status = fs::status(path, error);
  return file ? fs::is_regular_file(status) : fs::is_directory(status);
}

Result<std::unique_ptr<File>> OwnFiles::open(const Path& path, OpenMode mode) {
  if (!fits(path)) {
    return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, "{} is {}", path.string(),
                       kind_name(path));
  }
  return files_.open(path, mode);
}

Result<void> OwnFiles::rename(const Path& from, const Path& to) { return files_.rename(from, to); }

Result<void> OwnFiles::remove(const Path& path) { return files_.remove(path); }

Result<std::vector<std::string>> OwnFiles::list(const Path& directory) {
  LEAT_ASSIGN(auto names, files_.list(directory));
  std::erase_if(names, [&](const std::string& name) { return !fits(directory / name); });
  return names;
}

Result<void> OwnFiles::create_directories(const Path& directory) {
  return files_.create_directories(directory);
}

Result<void> OwnFiles::sync_directory(const Path& directory) {
  return files_.sync_directory(directory);
}

Result<bool> OwnFiles::exists(const Path& path) {
  if (!fits(path)) return false;
  return files_.exists(path);
}

Result<std::unique_ptr<FileLock>> OwnFiles::lock(const Path& path) { return files_.lock(path); }

}  // namespace leat::node
