// One generator for each shell. All scripts work alike: they walk the words typed so far down the
// tree of commands, then offer what the command there takes.
#pragma once

#include <string>
#include <string_view>

#include "app/completion/command_tree.h"

namespace leat::app {

std::string bash_script(const CommandEntry& root);
std::string zsh_script(const CommandEntry& root);
std::string fish_script(const CommandEntry& root);

// 'it'\''s': one word for bash and zsh.
std::string single_quoted(std::string_view text);
// "a b c"
std::string joined(const std::vector<std::string>& words, std::string_view separator = " ");

}  // namespace leat::app
