#include "app/terminal/progress.h"

#include <unistd.h>

#include <cerrno>

namespace leat::terminal {
namespace {

constexpr std::chrono::milliseconds kInterval{200};

// The display that has the log. Guarded by its mutex, which is held while a line is written to it,
// so that a display does not go away under a line.
std::mutex active_mutex;
ProgressDisplay* active = nullptr;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads the progress any more; the run goes on
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

ProgressDisplay::ProgressDisplay(int descriptor, const Screen& screen, Snapshot snapshot,
                                 Clock& clock)
    : descriptor_(descriptor), screen_(screen), snapshot_(std::move(snapshot)), clock_(clock) {
  {
    const std::lock_guard lock(active_mutex);
    active = this;
  }
  set_log_sink(&ProgressDisplay::log_above);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ProgressDisplay::~ProgressDisplay() { finish(); }

void ProgressDisplay::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  show(true);
  set_log_sink(nullptr);
  const std::lock_guard lock(active_mutex);
  active = nullptr;
}

void ProgressDisplay::log_above(LogLevel, std::string_view line) {
  const std::lock_guard lock(active_mutex);
  if (active == nullptr) {
    write_all(STDERR_FILENO, line);
    return;
  }
  const std::lock_guard draw_lock(active->mutex_);
  active->draw(line);
}

void ProgressDisplay::run(const std::stop_token& stop) {
  do {
    show(false);
  } while (clock_.sleep_for(kInterval, stop));
}

void ProgressDisplay::show(bool last) {
  const std::vector<ProgressLine> lines = snapshot_();
  const std::lock_guard lock(mutex_);
  if (!screen_.terminal) {
    const auto news = last ? plain_.finish(lines) : plain_.update(lines, clock_.steady_now());
    std::string text;
    // As the lines of the log have it: both stand in one file.
    const std::string now = format_timestamp(clock_.now() / 1000 * 1000);
    for (const std::string& line : news) text.append(now).append(" ").append(line).append("\n");
    write_all(descriptor_, text);
    return;
  }
  if (::isatty(descriptor_) == 1) {
    const Screen now = screen_of(descriptor_);
    screen_.width = now.width;
    screen_.height = now.height;
  }
  shown_ = render_progress(lines, screen_, tick_++);
  // What scrolled off the top could not be redrawn.
  const size_t room = screen_.height > 2 ? screen_.height - 2 : 1;
  if (!last && shown_.size() > room) {
    const size_t hidden = shown_.size() - room + 1;
    shown_.resize(room - 1);
    shown_.push_back(painted(fmt::format("  and {} more", hidden), Colour::kDim, screen_));
  }
  draw({});
}

void ProgressDisplay::draw(std::string_view above) {
  std::string text;
  if (drawn_ > 0) text += fmt::format("\x1b[{}A\r\x1b[J", drawn_);
  text += above;
  for (const std::string& line : shown_) text += line + '\n';
  drawn_ = shown_.size();
  write_all(descriptor_, text);
}

}  // namespace leat::terminal
