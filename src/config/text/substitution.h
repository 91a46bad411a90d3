// ${NAME}, ${NAME:-default} and ${secret:NAME} in the values of a pipeline file.
//
// $$ is a literal $; a $ before anything else but { is itself. As in a shell, :- gives the default
// where the variable is unset or empty; the default may hold references of its own. What a
// variable holds is not searched for references again.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::config {

// Where the values come from. REQUIRES: the maps outlive it.
struct VariableScope {
  const std::map<std::string, std::string>* set = nullptr;  // wins over the environment
  const std::map<std::string, std::string>* environment = nullptr;
  Path secrets_directory;  // empty: secrets come from the environment only
};

// A part of the written text and what stands for it in the result.
struct Piece {
  size_t written_begin = 0, written_size = 0;
  size_t text_begin = 0, text_size = 0;
  bool literal = true;  // the bytes are the same; else the whole part is one reference
};

struct Substituted {
  std::string written;
  std::string text;
  std::string masked;  // text with "***" for each secret
  // text with the secret's reference as it was written, for hashes: no secret, yet a change of
  // which secret is used is a change.
  std::string identity;
  std::vector<Piece> pieces;
  bool has_secret = false;

  // The byte of `written` that byte `offset` of `text` comes from.
  size_t written_offset(size_t offset) const;
};

// Errors: user, with the position in `written`: malformed reference, unset variable, no such
// secret (names the reference, never a value); a result beyond `max_bytes`.
Result<Substituted> substitute(std::string_view written, const VariableScope& scope,
                               size_t max_bytes);

}  // namespace leat::config
