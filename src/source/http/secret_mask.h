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
  // `text` with every secret, plain or percent-encoded, replaced by ***.
  std::string mask(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;  // longest first: one may contain another
};

}  // namespace leat::source
