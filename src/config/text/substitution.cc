#include "config/text/substitution.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/secrets.h"

namespace leat::config {
namespace {

constexpr int kMaxNesting = 8;
constexpr uint64_t kMaxSecretBytes = 64 << 10;

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// One path component, so that a reference cannot leave the secrets folder.
bool is_secret_name(std::string_view name) {
  if (name.empty() || name[0] == '.') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

std::optional<std::string> find(const std::map<std::string, std::string>* map,
                                std::string_view name) {
  if (map == nullptr) return std::nullopt;
  const auto found = map->find(std::string(name));
  if (found == map->end()) return std::nullopt;
  return found->second;
}

// The end of the reference that opens at `begin` ("${"): the offset of its }.
std::optional<size_t> closing_brace(std::string_view text, size_t begin) {
  int depth = 0;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") {
      ++depth;
      ++i;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::nullopt;
}

class Substitution {
 public:
  Substitution(const VariableScope& scope, size_t max_bytes)
      : scope_(scope), max_bytes_(max_bytes) {}

  Result<Substituted> run(std::string_view written, int nesting) {
    Substituted out;
    out.written = written;
    size_t at = 0;
    while (at < written.size()) {
      const size_t dollar = std::min(written.find('$', at), written.size());
      if (dollar > at) append(out, at, written.substr(at, dollar - at));
      at = dollar;
      if (at == written.size()) break;
      if (written.substr(at, 2) == "$$") {
        replace(out, at, 2, "$", "$", "$");
        at += 2;
      } else if (written.substr(at, 2) == "${") {
        const auto end = closing_brace(written, at);
        if (!end) {
          return user_error("`${{` without its `}}`; write $${{ for a literal ${{").at_position(at);
        }
        auto part = reference(written.substr(at + 2, *end - at - 2), nesting);
        if (!part) return std::move(part).error().at_position(at);
        replace(out, at, *end + 1 - at, part->text, part->masked, part->identity);
        out.has_secret |= part->has_secret;
        at = *end + 1;
      } else {
        append(out, at, "$");
        ++at;
      }
      if (out.text.size() > max_bytes_) {
        return user_error("the value becomes longer than {} bytes", max_bytes_).at_position(at);
      }
    }
    return out;
  }

 private:
  static void append(Substituted& out, size_t at, std::string_view same) {
    if (!out.pieces.empty() && out.pieces.back().literal) {
      out.pieces.back().written_size += same.size();
      out.pieces.back().text_size += same.size();
    } else {
      out.pieces.push_back({at, same.size(), out.text.size(), same.size(), true});
    }
    out.text += same;
    out.masked += same;
    out.identity += same;
  }

  static void replace(Substituted& out, size_t at, size_t size, std::string_view text,
                      std::string_view masked, std::string_view identity) {
    out.pieces.push_back({at, size, out.text.size(), text.size(), false});
    out.text += text;
    out.masked += masked;
    out.identity += identity;
  }

  // What stands between ${ and }.
  Result<Substituted> reference(std::string_view inside, int nesting) {
    if (nesting >= kMaxNesting) return user_error("defaults are nested too deeply");
    if (inside.starts_with("secret:")) return secret(inside.substr(7));
    const size_t colon = inside.find(":-");
    const auto name = inside.substr(0, colon);
    if (!is_variable_name(name)) {
      return user_error(
          "`${{{}}}` is no reference: write ${{NAME}}, ${{NAME:-default}} or ${{secret:NAME}}, and "
          "$${{ for a literal ${{",
          inside);
    }
    auto value = find(scope_.set, name);
    if (!value) value = find(scope_.environment, name);
    if (colon != std::string_view::npos && (!value || value->empty())) {
      return run(inside.substr(colon + 2), nesting + 1);
    }
    if (!value) {
      return user_error(
          "`{0}` is not set: set it in the environment, pass --set {0}=…, or write "
          "${{{0}:-default}}",
          name);
    }
    Substituted out;
    out.text = out.masked = out.identity = *value;
    return out;
  }

  Result<Substituted> secret(std::string_view name) {
    if (!is_secret_name(name)) {
      return user_error("`{}` is not the name of a secret: letters, digits, _, - and . only", name);
    }
    std::optional<std::string> value;
    if (!scope_.secrets_directory.empty()) {
      LEAT_ASSIGN(value, from_file(scope_.secrets_directory / std::string(name)));
    }
    if (!value) value = find(scope_.environment, name);
    if (!value) {
      if (scope_.secrets_directory.empty()) {
        return user_error("the secret `{}` is not set: set the environment variable of that name",
                          name);
      }
      return user_error(
          "the secret `{}` is not set: write it to {} or set the environment variable of that name",
          name, (scope_.secrets_directory / std::string(name)).string());
    }
    remember_secret(*value);
    Substituted out;
    out.text = std::move(*value);
    out.masked = "***";
    out.identity = fmt::format("${{secret:{}}}", name);
    out.has_secret = true;
    return out;
  }

  static Result<std::optional<std::string>> from_file(const Path& path) {
    auto& files = real_file_system();
    LEAT_ASSIGN(const bool there, files.exists(path));
    if (!there) return std::optional<std::string>();
    LEAT_ASSIGN(auto file, files.open(path, OpenMode::kRead));
    LEAT_ASSIGN(const uint64_t size, file->size());
    if (size > kMaxSecretBytes) return user_error("{} is too long for a secret", path.string());
    std::string text(size, '\0');
    LEAT_ASSIGN(const size_t read, file->read_at(0, std::as_writable_bytes(std::span(text))));
    text.resize(read);
    // An editor or `echo` leaves a line break that is no part of the secret.
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return std::optional<std::string>(std::move(text));
  }

  const VariableScope& scope_;
  const size_t max_bytes_;
};

}  // namespace

size_t Substituted::written_offset(size_t offset) const {
  for (const auto& piece : pieces) {
    if (offset < piece.text_begin + piece.text_size) {
      return piece.written_begin + (piece.literal ? offset - piece.text_begin : 0);
    }
  }
  return written.size();
}

Result<Substituted> substitute(std::string_view written, const VariableScope& scope,
                               size_t max_bytes) {
  return Substitution(scope, max_bytes).run(written, 0);
}

}  // namespace leat::config
