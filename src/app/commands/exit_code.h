// What a command's exit code says.
#pragma once

#include "base/error.h"

namespace leat::app {

inline constexpr int kExitOk = 0;           // reconciled, no dead letters
inline constexpr int kExitFailed = 1;       // another system, the machine, or a bug
inline constexpr int kExitUser = 2;         // the file, the query or the flags are wrong
inline constexpr int kExitDeadLetters = 3;  // finished, with dead letters or damaged records

// Of two: failed, then the user's mistake, then dead letters.
inline int worse_exit_code(int a, int b) {
  const auto rank = [](int code) {
    return code == kExitOk ? 0 : code == kExitDeadLetters ? 1 : 4 - code;
  };
  return rank(a) < rank(b) ? b : a;
}

inline int exit_code_of(const Error& error) {
  return error.domain() == ErrorDomain::kUser ? kExitUser : kExitFailed;
}

}  // namespace leat::app
