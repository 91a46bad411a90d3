#include "app/terminal/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>

namespace leat::terminal {

void occupy_standard_descriptors() {
  // The other way round than it is used: whoever uses it learns that there is nothing.
  constexpr std::array kModes = {O_WRONLY, O_RDONLY, O_RDWR};
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free descriptor is this one.
    (void)::open("/dev/null", kModes[static_cast<size_t>(descriptor)]);
  }
}

StandardOutput::StandardOutput(int descriptor)
    : descriptor_(descriptor), before_(std::cout.rdbuf(this)), buffer_() {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

StandardOutput::~StandardOutput() {
  sync();
  std::cout.rdbuf(before_);
}

int StandardOutput::finish() {
  sync();
  return failure_;
}

StandardOutput::int_type StandardOutput::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int StandardOutput::sync() {
  const char* at = pbase();
  while (failure_ == 0 && at < pptr()) {
    const ssize_t written = ::write(descriptor_, at, static_cast<size_t>(pptr() - at));
    if (written >= 0) {
      at += written;
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return failure_ == 0 ? 0 : -1;
}

int exit_code_after(StandardOutput& output, int code) {
  const int failure = output.finish();
  if (failure == 0 || failure == EPIPE) return code;
  const std::string reason = std::generic_category().message(failure);
  std::fprintf(stderr, "error: cannot write standard output: %s\n", reason.c_str());
  return code == 0 ? 1 : code;
}

}  // namespace leat::terminal
