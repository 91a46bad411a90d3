#include "app/terminal/style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace leat::terminal {
namespace {

constexpr std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

Screen screen_of(int descriptor) {
  return screen_of(descriptor, [](const char* name) { return std::getenv(name); });
}

Screen screen_of(int descriptor, const Environment& environment) {
  const auto value = [&environment](const char* name) {
    const char* text = environment(name);
    return std::string_view(text == nullptr ? "" : text);
  };
  const std::string_view term = value("TERM");
  const std::string_view force = value("CLICOLOR_FORCE");

  Screen screen;
  screen.terminal = ::isatty(descriptor) == 1 && !term.empty() && term != "dumb";
  screen.colour =
      value("NO_COLOR").empty() && (screen.terminal || (!force.empty() && force != "0"));
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col > 0) screen.width = size.ws_col;
    if (size.ws_row > 0) screen.height = size.ws_row;
  }
  if (const int columns = std::atoi(std::string(value("COLUMNS")).c_str()); columns > 0) {
    screen.width = static_cast<size_t>(columns);
  }
  return screen;
}

std::string painted(std::string_view text, Colour colour, const Screen& screen) {
  if (!screen.colour || text.empty()) return std::string(text);
  return std::string(code_of(colour)).append(text).append("\x1b[0m");
}

}  // namespace leat::terminal
