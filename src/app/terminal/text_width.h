// How many columns of a terminal a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leat::terminal {

// Line breaks, tabs and other control characters as \n, \t, \x1b: a cell stays on its line, and
// data cannot send commands to the terminal. Bytes that are not UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// Columns of a printable text: 0 for combining marks, 2 for East Asian wide characters and emoji
// (Unicode 15 UAX #11, the blocks that occur in practice), else 1.
size_t display_width(std::string_view text);

// The text, or as much of it as fits with "…" at its end. REQUIRES: width > 0
std::string cut_to_width(std::string_view text, size_t width);

// The text cut, or filled with spaces at the end (or in front) up to the width.
std::string padded_to_width(std::string_view text, size_t width, bool right_aligned = false);

}  // namespace leat::terminal
