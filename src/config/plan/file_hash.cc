#include "config/plan/file_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "config/node_data.h"

namespace leat::config {
namespace {

// Each part with its kind and length, so that no two trees give the same bytes.
void write_part(char kind, std::string_view text, std::string& out) {
  out += fmt::format("{}{}:", kind, text.size());
  out += text;
}

void write_node(const Node& node, std::string& out) {
  const auto* data = node.data();
  switch (data->shape) {
    case Shape::kNull:
      out += 'n';
      break;
    case Shape::kScalar:
      write_part(data->quoted ? 'q' : 's',
                 data->substituted ? data->substituted->identity : data->text, out);
      break;
    case Shape::kSequence:
      out += '[';
      for (const auto& item : data->items) write_node(item, out);
      out += ']';
      break;
    case Shape::kMapping:
      out += '{';
      for (const auto& [name, value] : data->entries) {
        write_part('k', name, out);
        write_node(value, out);
      }
      out += '}';
      break;
  }
}

}  // namespace

std::string content_hash(const Node& root) {
  std::string content;
  write_node(root, content);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // Cannot fail: the digest is built in and the memory is ours.
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace leat::config
