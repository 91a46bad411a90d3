// Which files a list of paths and globs names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::source {

// Whether a name matches a pattern of *, ?, [abc], [a-z], [!a] and backslash escapes. As in a
// shell, * and ? do not match a leading dot.
bool glob_matches(std::string_view pattern, std::string_view name);

// The files in the order of the patterns, those of one glob sorted by path, each file once.
// Names are as the patterns write them (relative ones stay relative to `base`). `**` as a whole
// directory name stands for any number of directories. Errors: user kNotFound when a pattern
// names no file.
Result<std::vector<std::string>> list_files(FileSystem& files, const Path& base,
                                            std::span<const std::string> patterns);

}  // namespace leat::source
