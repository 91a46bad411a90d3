// Stored bytes that are not what they should be, and what mending them would do. The folder that
// owns a format finds the damage in it; `leat repair` shows it first, and mends it when told to.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"

namespace leat {

struct Damage {
  Path file;           // or directory
  std::string what;    // is wrong: "bytes 61 to 5613 hold no valid record batch"
  std::string remedy;  // what mend() does: "cuts them out"
  std::string loss;    // what does not come back by that; empty: nothing is lost
  // Does it, and returns the files that hold what was taken out: no byte is deleted. Empty: nothing
  // is done; the remedy says what to do by hand.
  std::function<Result<std::vector<Path>>()> mend;
};

// What a check found. Notes are what the next start puts right by itself.
struct CheckReport {
  std::vector<Damage> damages;
  std::vector<std::string> notes;
};

// Ends the messages of errors that `leat repair` can help with.
inline constexpr std::string_view kRepairHint = "; run `leat repair`";
// The error's message without that, for `leat repair` itself.
std::string without_repair_hint(const Error& error);

// "20261121T093000Z": the part of a name by which the files of one repair are found.
std::string repair_stamp(const Clock& clock);

// A name that is not taken: "<file>.damaged-<stamp>", with a number behind it if need be.
Result<Path> aside_name(FileSystem& files, const Path& file, const std::string& stamp);

// Renames the file to such a name, durably, and returns that.
Result<Path> set_aside(FileSystem& files, const Path& file, const std::string& stamp);

}  // namespace leat
