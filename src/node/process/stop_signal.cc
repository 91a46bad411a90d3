#include "node/process/stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace leat::node {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] {
    while (true) {
      pollfd ready[2] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                         {.fd = wake_, .events = POLLIN, .revents = 0}};
      if (::poll(ready, 2, -1) < 0) continue;
      if ((ready[1].revents & POLLIN) != 0) return;
      signalfd_siginfo info;
      if (::read(signals_, &info, sizeof info) != sizeof info) continue;
      if (stop_.stop_requested()) {
        // What is not committed is not acknowledged either: leaving at once loses nothing.
        ::_exit(128 + static_cast<int>(info.ssi_signo));
      }
      stop_.request_stop();
    }
  });
}

StopSignal::~StopSignal() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(wake_);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace leat::node
