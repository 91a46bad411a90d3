#include "app/commands/program_path.h"

namespace leat::app {

std::optional<Path> find_example(const std::string& name) {
  std::error_code error;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return std::nullopt;
  const Path folder = program.parent_path();
  for (const Path& root : {folder / ".." / "share" / "leat" / "examples",
                           folder / ".." / ".." / "examples", Path("examples")}) {
    if (std::filesystem::exists(root / name, error)) return (root / name).lexically_normal();
  }
  return std::nullopt;
}

}  // namespace leat::app
