#include "base/file_system.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace leat {
namespace {

Error failed(const char* action, const Path& path) {
  return os_error(errno, fmt::format("cannot {} {}", action, path.string()));
}

// All of them, or errno.
bool write_all(int descriptor, Bytes bytes, uint64_t offset) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pwrite(descriptor, bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

class RealFile final : public File {
 public:
  RealFile(int descriptor, Path path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~RealFile() override { ::close(descriptor_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<size_t> read_at(uint64_t offset, MutableBytes into) const override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(descriptor_, into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<void> write_at(uint64_t offset, Bytes bytes) override {
    if (!write_all(descriptor_, bytes, offset)) return failed("write", path_);
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return failed("sync", path_);
    return {};
  }

  Result<void> truncate(uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failed("truncate", path_);
    return {};
  }

  Result<void> preallocate(uint64_t size) override {
    const int error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size));
    if (error != 0) return os_error(error, fmt::format("cannot preallocate {}", path_.string()));
    return {};
  }

  Result<uint64_t> size() const override {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return failed("stat", path_);
    return static_cast<uint64_t>(status.st_size);
  }

 private:
  int descriptor_;
  Path path_;
};

class RealLock final : public FileLock {
 public:
  explicit RealLock(int descriptor) : descriptor_(descriptor) {}
  ~RealLock() override { ::close(descriptor_); }
  RealLock(const RealLock&) = delete;
  RealLock& operator=(const RealLock&) = delete;

 private:
  int descriptor_;
};

// What a path leads to where a file should be.
Error no_file(const Path& path, mode_t mode) {
  const char* kind = S_ISDIR(mode)    ? "a directory"
                     : S_ISFIFO(mode) ? "a named pipe"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  return coded_error(ErrorDomain::kExternal, ErrorCode::kInvalid, "{} is {}, not a file",
                     path.string(), kind);
}

class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override {
    int flags = O_CLOEXEC | (mode == OpenMode::kRead ? O_RDONLY : O_RDWR);
    if (mode == OpenMode::kCreate) flags |= O_CREAT;
    if (mode == OpenMode::kCreateNew) flags |= O_CREAT | O_EXCL;
    // Else a pipe would wait for its other end, and nothing could stop that.
    flags |= O_NONBLOCK | O_NOCTTY;
    const int descriptor = ::open(path.c_str(), flags, 0644);
    struct stat status{};
    if (descriptor < 0) {
      // A socket, which only stat() looks at.
      const bool is_other = errno == ENXIO && ::stat(path.c_str(), &status) == 0;
      return is_other ? no_file(path, status.st_mode) : failed("open", path);
    }
    if (::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode)) {
      ::close(descriptor);
      return no_file(path, status.st_mode);
    }
    return std::unique_ptr<File>(std::make_unique<RealFile>(descriptor, path));
  }

  Result<void> rename(const Path& from, const Path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return {};
  }

  Result<void> remove(const Path& path) override {
    if (::unlink(path.c_str()) == 0) return {};
    if ((errno == EISDIR || errno == EPERM) && ::rmdir(path.c_str()) == 0) return {};
    return failed("remove", path);
  }

  Result<std::vector<std::string>> list(const Path& directory) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entries(directory, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      names.push_back(entries->path().filename().string());
    }
    if (error) return os_error(error.value(), fmt::format("cannot list {}", directory.string()));
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> create_directories(const Path& directory) override {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return os_error(error.value(), fmt::format("cannot create {}", directory.string()));
    return {};
  }

  Result<void> sync_directory(const Path& directory) override {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("open", directory);
    const int result = ::fsync(descriptor);
    const int error = errno;
    ::close(descriptor);
    if (result != 0) return os_error(error, fmt::format("cannot sync {}", directory.string()));
    return {};
  }

  Result<bool> exists(const Path& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return failed("look at", path);
  }

  Result<std::unique_ptr<FileLock>> lock(const Path& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return failed("open", path);
    auto held = std::make_unique<RealLock>(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return failed("lock", path);
      char pid[32] = {};
      const ssize_t n = ::pread(descriptor, pid, sizeof pid - 1, 0);
      std::string holder(pid, n > 0 ? static_cast<size_t>(n) : 0);
      while (!holder.empty() && holder.back() == '\n') holder.pop_back();
      return coded_error(ErrorDomain::kUser, ErrorCode::kInUse, "{} is in use by the process {}",
                         path.parent_path().string(), holder.empty() ? "(unknown)" : holder);
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(descriptor, 0) != 0 ||
        !write_all(descriptor, as_bytes(std::string_view(pid)), 0)) {
      return failed("write", path);
    }
    return std::unique_ptr<FileLock>(std::move(held));
  }
};

}  // namespace

Result<std::string> FileSystem::read_file(const Path& path) {
  LEAT_ASSIGN(auto file, open(path, OpenMode::kRead));
  LEAT_ASSIGN(const uint64_t size, file->size());
  std::string content(size, '\0');
  LEAT_ASSIGN(const size_t got,
              file->read_at(0, {reinterpret_cast<std::byte*>(content.data()), content.size()}));
  content.resize(got);
  return content;
}

Result<void> FileSystem::replace_file(const Path& path, std::string_view content) {
  Path temporary = path;
  temporary += ".tmp";
  {
    LEAT_ASSIGN(auto file, open(temporary, OpenMode::kCreate));
    LEAT_TRY(file->truncate(0));
    LEAT_TRY(file->write_at(0, as_bytes(content)));
    LEAT_TRY(file->sync());
  }
  LEAT_TRY(rename(temporary, path));
  return sync_directory(path.parent_path());
}

FileSystem& real_file_system() {
  static RealFileSystem file_system;
  return file_system;
}

}  // namespace leat
