// The Node that a pipeline file gives a source: the real parser and the real description.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/node.h"

namespace leat::source {

// `yaml` is what stands under `http:` or `file:` (`connector`), in flow style or indented lines.
// Reports a test failure and returns an absent node when the file is refused.
config::Node node_of(std::string_view connector, const std::string& yaml,
                     const std::map<std::string, std::string>& secrets = {});
// The messages of a file that is refused, joined by line ends.
std::string refusal_of(std::string_view connector, const std::string& yaml);

}  // namespace leat::source
