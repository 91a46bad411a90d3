// Keeps secrets out of messages, origins and log lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace leat::source {

class SecretMask {
 public:
  // Empty texts are no secrets.
  void add(std::string secret);
  // Adds what the node's ${secret:…} stand for. False when it has none.
  bool add_secrets_of(const config::Node& node);
  // `text` with every secret replaced by ***: as it is, and percent-encoded in whatever way.
  std::string mask(std::string_view text) const;

  // For what is stored and is needed again: every secret in the URL gives way to a mark, which no
  // URL holds by itself, and comes back for it; after a change of the secret the new one does.
  std::string hide(std::string_view url) const;
  std::string reveal(std::string_view url) const;

 private:
  struct Secret {
    std::string text;
    size_t number = 0;  // in the order in which they were added
  };

  // Writes `text` to the outcome, with write(secret, is_encoded) for each secret.
  template <class Write>
  std::string replaced(std::string_view text, const Write& write) const;

  std::vector<Secret> secrets_;  // longest first: one may contain another
};

}  // namespace leat::source
