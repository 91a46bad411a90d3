#include "base/faulty_file_system.h"

#include <algorithm>
#include <cerrno>

namespace leat {

class FaultyFileSystem::OpenFile final : public File {
 public:
  OpenFile(FaultyFileSystem& files, std::shared_ptr<Content> content, std::string path)
      : files_(files),
        content_(std::move(content)),
        path_(std::move(path)),
        generation_(files.generation_) {}

  Result<size_t> read_at(uint64_t offset, MutableBytes into) const override {
    const std::lock_guard lock(files_.mutex_);
    LEAT_TRY(check_open());
    const std::string& bytes = content_->live;
    if (offset >= bytes.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), bytes.size() - offset);
    std::copy_n(as_bytes(bytes).begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  Result<void> write_at(uint64_t offset, Bytes bytes) override {
    const std::lock_guard lock(files_.mutex_);
    LEAT_TRY(check_open());
    auto counted =
        files_.count_call("write " + path_, offset + bytes.size() > content_->live.size());
    std::string written(as_text(bytes));
    if (!counted.ok()) written.resize(files_.random_() % (written.size() + 1));
    change({.offset = offset, .bytes = std::move(written), .resize = false});
    return counted;
  }

  Result<void> sync() override {
    const std::lock_guard lock(files_.mutex_);
    LEAT_TRY(check_open());
    LEAT_TRY(files_.count_call("sync " + path_));
    content_->durable = content_->live;
    content_->unsynced.clear();
    return {};
  }

  Result<void> truncate(uint64_t size) override { return resize("truncate ", size, true); }
  Result<void> preallocate(uint64_t size) override { return resize("preallocate ", size, false); }

  Result<uint64_t> size() const override {
    const std::lock_guard lock(files_.mutex_);
    LEAT_TRY(check_open());
    return uint64_t{content_->live.size()};
  }

 private:
  Result<void> check_open() const {
    if (generation_ != files_.generation_) return os_error(EBADF, "use " + path_);
    return files_.check_alive();
  }

  Result<void> resize(const char* what, uint64_t size, bool may_shrink) {
    const std::lock_guard lock(files_.mutex_);
    LEAT_TRY(check_open());
    LEAT_TRY(files_.count_call(what + path_, size > content_->live.size()));
    if (may_shrink || size > content_->live.size())
      change({.offset = size, .bytes = {}, .resize = true});
    return {};
  }

  void change(Change made) {
    apply(content_->live, made, made.bytes.size());
    content_->unsynced.push_back(std::move(made));
  }

  FaultyFileSystem& files_;
  const std::shared_ptr<Content> content_;
  const std::string path_;
  const uint64_t generation_;
};

void FaultyFileSystem::apply(std::string& content, const Change& change, size_t bytes) {
  if (change.resize) {
    content.resize(change.offset, '\0');
    return;
  }
  if (content.size() < change.offset + bytes) content.resize(change.offset + bytes, '\0');
  std::copy_n(change.bytes.begin(), bytes, content.begin() + static_cast<ptrdiff_t>(change.offset));
}

void FaultyFileSystem::apply(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (change.content) {
    names[change.name] = change.content;
  } else {
    names.erase(change.name);
  }
}

uint64_t FaultyFileSystem::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultyFileSystem::fail_call(uint64_t number, int error_number) {
  const std::lock_guard lock(mutex_);
  fail_at_ = number;
  fail_with_ = error_number;
}

void FaultyFileSystem::crash_at_call(uint64_t number) {
  const std::lock_guard lock(mutex_);
  crash_at_ = number;
}

void FaultyFileSystem::fill_at_call(uint64_t number) {
  const std::lock_guard lock(mutex_);
  full_from_ = number;
}

void FaultyFileSystem::make_room() { fill_at_call(0); }

Result<void> FaultyFileSystem::check_alive() const {
  if (crashed_) return os_error(EIO, "the machine is down");
  return {};
}

// REQUIRES: mutex_
Result<void> FaultyFileSystem::count_call(const std::string& what, bool grows) {
  ++calls_;
  if (crash_at_ != 0 && calls_ >= crash_at_) {
    crashed_ = true;
    return os_error(EIO, what + ": the machine went down");
  }
  if (calls_ == fail_at_) return os_error(fail_with_, what);
  if (grows && full_from_ != 0 && calls_ >= full_from_) return os_error(ENOSPC, what);
  return {};
}

void FaultyFileSystem::restart(Loss loss) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  crashed_ = false;
  crash_at_ = 0;
  fail_at_ = 0;
  full_from_ = 0;
  if (loss == Loss::kPowerLost) {
    const size_t kept_names = random_() % (unsynced_names_.size() + 1);
    for (size_t i = 0; i < kept_names; ++i) apply(durable_names_, unsynced_names_[i]);
    names_ = durable_names_;
    for (const auto& [name, content] : names_) {
      content->live = content->durable;
      const size_t kept = random_() % (content->unsynced.size() + 1);
      for (size_t i = 0; i < kept; ++i) {
        apply(content->live, content->unsynced[i], content->unsynced[i].bytes.size());
      }
      if (kept < content->unsynced.size() && !content->unsynced[kept].resize) {
        const Change& torn = content->unsynced[kept];
        apply(content->live, torn, random_() % (torn.bytes.size() + 1));
      }
    }
  }
  for (const auto& [name, content] : names_) {
    content->durable = content->live;
    content->unsynced.clear();
  }
  durable_names_ = names_;
  unsynced_names_.clear();
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const Path& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  const std::string name = path.lexically_normal().string();
  auto found = names_.find(name);
  if (found != names_.end() && mode == OpenMode::kCreateNew)
    return os_error(EEXIST, "open " + name);
  if (found == names_.end()) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite)
      return os_error(ENOENT, "open " + name);
    if (!directories_.contains(path.parent_path().lexically_normal().string())) {
      return os_error(ENOENT, "open " + name);
    }
    LEAT_TRY(count_call("create " + name, true));
    found = names_.emplace(name, std::make_shared<Content>()).first;
    unsynced_names_.push_back({.from = {}, .name = name, .content = found->second});
  }
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, found->second, name));
}

Result<void> FaultyFileSystem::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  const std::string old_name = from.lexically_normal().string();
  const auto found = names_.find(old_name);
  if (found == names_.end()) return os_error(ENOENT, "rename " + old_name);
  LEAT_TRY(count_call("rename " + old_name));
  const NameChange change{old_name, to.lexically_normal().string(), found->second};
  apply(names_, change);
  unsynced_names_.push_back(change);
  return {};
}

Result<void> FaultyFileSystem::remove(const Path& path) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  const std::string name = path.lexically_normal().string();
  if (!names_.contains(name)) return os_error(ENOENT, "remove " + name);
  LEAT_TRY(count_call("remove " + name));
  const NameChange change{{}, name, nullptr};
  apply(names_, change);
  unsynced_names_.push_back(change);
  return {};
}

Result<std::vector<std::string>> FaultyFileSystem::list(const Path& directory) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  const std::string parent = directory.lexically_normal().string();
  if (!directories_.contains(parent)) return os_error(ENOENT, "list " + parent);
  std::set<std::string> entries;
  const auto add_child = [&](const Path& path) {
    if (path.parent_path().string() == parent && path.string() != parent)
      entries.insert(path.filename().string());
  };
  for (const auto& [name, content] : names_) add_child(name);
  for (const std::string& name : directories_) add_child(name);
  return std::vector<std::string>(entries.begin(), entries.end());
}

Result<void> FaultyFileSystem::create_directories(const Path& directory) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  Path path = directory.lexically_normal();
  if (directories_.contains(path.string())) return {};
  LEAT_TRY(count_call("create " + path.string(), true));
  for (; directories_.insert(path.string()).second && path.has_relative_path();
       path = path.parent_path()) {
  }
  return {};
}

Result<void> FaultyFileSystem::sync_directory(const Path& directory) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  LEAT_TRY(count_call("sync " + directory.string()));
  const std::string parent = directory.lexically_normal().string();
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    if (Path(change.name).parent_path().string() != parent) return false;
    apply(durable_names_, change);
    return true;
  });
  return {};
}

Result<bool> FaultyFileSystem::exists(const Path& path) {
  const std::lock_guard lock(mutex_);
  LEAT_TRY(check_alive());
  const std::string name = path.lexically_normal().string();
  return names_.contains(name) || directories_.contains(name);
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::lock(const Path&) {
  const std::lock_guard guard(mutex_);
  LEAT_TRY(check_alive());
  return std::make_unique<FileLock>();
}

}  // namespace leat
