// What the output goes to, and whether it may be coloured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace leat::terminal {

struct Screen {
  bool terminal = false;  // else a file or a pipe: nothing is cut, nothing moves
  bool colour = false;
  size_t width = 80;   // columns, of a terminal
  size_t height = 24;  // lines, of a terminal
};

// Looks at the descriptor and the environment. Colour: never with NO_COLOR (https://no-color.org)
// set and not empty; else with CLICOLOR_FORCE set and not "0"; else on a terminal whose TERM is
// neither missing nor "dumb". A dumb terminal counts as none, because its lines cannot be redrawn.
// COLUMNS overrides the width.
Screen screen_of(int descriptor);
// The same with an environment of the caller's; the getter returns null for what is not set.
using Environment = std::function<const char*(const char* name)>;
Screen screen_of(int descriptor, const Environment& environment);

enum class Colour : uint8_t { kBold, kDim, kRed, kGreen, kYellow, kCyan };

// The text in the colour, or as it is on a screen without.
std::string painted(std::string_view text, Colour colour, const Screen& screen);

}  // namespace leat::terminal
