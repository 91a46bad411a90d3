#include "codec/record_decoder.h"

namespace leat::codec {

void add_left_out(LeftOutFields& to, const LeftOutFields& more) {
  for (const auto& [path, field] : more) {
    const auto known = to.find(path);
    if (known != to.end()) {
      known->second.times += field.times;
    } else if (to.size() < kMostLeftOut) {
      to[path] = field;
    } else {
      to[std::string(kFurtherLeftOut)].times += field.times;
    }
  }
}

}  // namespace leat::codec
