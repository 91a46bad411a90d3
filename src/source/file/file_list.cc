#include "source/file/file_list.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace leat::source {
namespace {

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

// Matches the class at the beginning of `pattern` ("[a-z]…"); its length, or 0 when it has no end.
size_t match_class(std::string_view pattern, char c, bool& matched) {
  size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  matched = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern[at + 1];
      at += 2;
    }
    matched |= low <= c && c <= high;
  }
  if (at >= pattern.size()) return 0;
  matched ^= negated;
  return at + 1;
}

// The length of the one-character pattern at the beginning of `pattern` if it matches c, else 0.
size_t match_one(std::string_view pattern, char c) {
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  if (pattern.front() == '[') {
    bool matched = false;
    if (const size_t length = match_class(pattern, c, matched); length > 0)
      return matched ? length : 0;
  }
  return pattern.front() == c ? 1 : 0;
}

// Walks down the parts of one pattern and collects what exists.
class GlobWalk {
 public:
  GlobWalk(FileSystem& files, const Path& base, std::vector<std::string> parts)
      : files_(files), base_(base), parts_(std::move(parts)) {}

  Result<std::vector<std::string>> run(const Path& root) {
    LEAT_TRY(walk(root, 0));
    // Links last: a file has the name that it has without them.
    while (!links_.empty()) {
      const auto [path, index] = std::move(links_.front());
      links_.pop_front();
      LEAT_TRY(walk(path, index));
    }
    std::sort(found_.begin(), found_.end());
    return std::move(found_);
  }

 private:
  Result<void> walk(const Path& prefix, size_t index) {
    if (index == parts_.size()) {
      LEAT_ASSIGN(const bool exists, files_.exists(base_ / prefix));
      if (exists && !entries(prefix)) found_.push_back(prefix.string());
      return {};
    }
    const std::string& part = parts_[index];
    if (part != "**" && !has_wildcard(part)) return walk(prefix / part, index + 1);
    const auto names = entries(prefix);
    if (!names) return {};
    // Links may lead in a circle, and to where the walk has been: each directory counts once.
    if (part == "**" && !visited_.emplace(index, real_path(prefix)).second) return {};
    if (part == "**") LEAT_TRY(walk(prefix, index + 1));
    for (const std::string& name : *names) {
      if (part == "**") {
        if (name.starts_with('.') || !entries(prefix / name)) continue;
        if (is_link(prefix / name)) {
          links_.emplace_back(prefix / name, index);
        } else {
          LEAT_TRY(walk(prefix / name, index));
        }
      } else if (glob_matches(part, name)) {
        LEAT_TRY(walk(prefix / name, index + 1));
      }
    }
    return {};
  }

  // The names in a directory; nullopt: it is none.
  std::optional<std::vector<std::string>> entries(const Path& path) {
    auto names = files_.list(path.empty() && base_.empty() ? Path(".") : base_ / path);
    if (!names.ok()) return std::nullopt;
    return std::move(*names);
  }

  bool is_link(const Path& path) const {
    std::error_code error;
    return std::filesystem::is_symlink(base_ / path, error);
  }

  // Without links; the path as it is where that cannot be known.
  Path real_path(const Path& path) const {
    std::error_code error;
    Path real = std::filesystem::canonical(base_ / path, error);
    return error ? base_ / path : real;
  }

  FileSystem& files_;
  const Path base_;
  const std::vector<std::string> parts_;
  std::vector<std::string> found_;
  std::deque<std::pair<Path, size_t>> links_;  // to directories, where a ** goes on
  std::set<std::pair<size_t, Path>> visited_;  // by a **: its index, and where it was
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  // Greedy with one point of return, the last star: linear but for that.
  size_t at = 0;
  size_t star = std::string_view::npos;
  size_t star_name = 0;
  size_t i = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_name = i;
      continue;
    }
    const size_t matched = at < pattern.size() ? match_one(pattern.substr(at), name[i]) : 0;
    if (matched > 0) {
      at += matched;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++star_name;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

Result<std::vector<std::string>> list_files(FileSystem& files, const Path& base,
                                            std::span<const std::string> patterns) {
  std::vector<std::string> found;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    std::vector<std::string> matches;
    LEAT_ASSIGN(const bool literal, files.exists(base / pattern));
    if (literal) {
      matches.push_back(pattern);
    } else if (has_wildcard(pattern)) {
      std::vector<std::string> parts;
      for (const Path& part : Path(pattern).relative_path()) {
        parts.push_back(part.string());
      }
      GlobWalk walk(files, base, std::move(parts));
      LEAT_ASSIGN(matches, walk.run(Path(pattern).root_path()));
    }
    if (matches.empty()) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "no file matches {}",
                         (base / pattern).string());
    }
    for (std::string& match : matches) {
      if (seen.insert(match).second) found.push_back(std::move(match));
    }
  }
  return found;
}

}  // namespace leat::source
