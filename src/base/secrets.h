// The secrets that this process has read, so that no message shows one, whoever writes it.
#pragma once

#include <string>
#include <string_view>

namespace leat {

// From now on without_secrets() leaves the text out. One of fewer than four bytes is forgotten at
// once: it would make a riddle of every message. Thread-safe.
void remember_secret(std::string_view secret);

// The text with *** for each secret in it. Thread-safe.
std::string without_secrets(std::string text);

}  // namespace leat
