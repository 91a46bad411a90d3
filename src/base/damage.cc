#include "base/damage.h"

#include <algorithm>

namespace leat {

std::string without_repair_hint(const Error& error) {
  std::string text = error.message();
  if (text.ends_with(kRepairHint)) text.resize(text.size() - kRepairHint.size());
  return text;
}

std::string repair_stamp(const Clock& clock) {
  constexpr Micros kSecond = 1'000'000;
  std::string stamp = format_timestamp(clock.now() / kSecond * kSecond);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return stamp;
}

Result<Path> aside_name(FileSystem& files, const Path& file, const std::string& stamp) {
  for (int number = 1;; ++number) {
    Path name = file;
    name += ".damaged-" + stamp;
    if (number > 1) name += fmt::format("-{}", number);
    LEAT_ASSIGN(const bool taken, files.exists(name));
    if (!taken) return name;
  }
}

Result<Path> set_aside(FileSystem& files, const Path& file, const std::string& stamp) {
  LEAT_ASSIGN(const Path name, aside_name(files, file, stamp));
  LEAT_TRY(files.rename(file, name));
  LEAT_TRY(files.sync_directory(file.parent_path()));
  return name;
}

}  // namespace leat
