// A name by which a Unix socket can be bound or reached.
#pragma once

#include <string>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::net {

// sockaddr_un holds 107 bytes, which a data directory deep in a tree exceeds. Such a path is
// named through its open directory, /proc/self/fd/N/leat.sock; name() is valid while this lives.
class SocketPath {
 public:
  // Errors: kNotFound when the directory is missing; user when the last part alone is too long.
  static Result<SocketPath> open(const Path& path);
  ~SocketPath();
  SocketPath(SocketPath&& other) noexcept;
  SocketPath& operator=(SocketPath&&) = delete;

  const std::string& name() const { return name_; }

 private:
  SocketPath(std::string name, int directory) : name_(std::move(name)), directory_(directory) {}
  std::string name_;
  int directory_;  // -1 when the path was short enough
};

}  // namespace leat::net
