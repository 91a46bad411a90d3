#include "net/http/socket_path.h"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace leat::net {
namespace {

constexpr size_t kLongestName = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Result<SocketPath> SocketPath::open(const Path& path) {
  if (path.native().size() <= kLongestName) return SocketPath(path.native(), -1);

  const Path parent = path.parent_path();
  const int directory = ::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    const int error = errno;
    if (error == ENOENT) {
      return coded_error(ErrorDomain::kExternal, ErrorCode::kNotFound, "no directory {}",
                         parent.native());
    }
    return os_error(error, parent.native());
  }
  SocketPath opened(fmt::format("/proc/self/fd/{}/{}", directory, path.filename().native()),
                    directory);
  if (opened.name_.size() > kLongestName) {
    return user_error("the name of the socket {} is too long", path.native());
  }
  return opened;
}

SocketPath::SocketPath(SocketPath&& other) noexcept
    : name_(std::move(other.name_)), directory_(std::exchange(other.directory_, -1)) {}

SocketPath::~SocketPath() {
  if (directory_ >= 0) ::close(directory_);
}

}  // namespace leat::net
