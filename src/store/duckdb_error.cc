#include "store/duckdb_error.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <string>
#include <system_error>

#include "base/damage.h"

namespace leat::store {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Reads the JSON string that starts at text[at] == '"'; `at` moves behind it.
std::optional<std::string> read_string(std::string_view text, size_t& at) {
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  std::string out;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return ++at, out;
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at >= text.size()) break;
    switch (text[at]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        uint32_t code = 0;
        if (at + 4 >= text.size()) return std::nullopt;
        std::from_chars(text.data() + at + 1, text.data() + at + 5, code, 16);
        append_utf8(out, code);
        at += 4;
        break;
      }
      default:
        out += text[at];
    }
  }
  return std::nullopt;
}

// DuckDB's error object is flat and holds texts only: {"exception_type":"Binder",…}.
std::optional<std::map<std::string, std::string>> read_object(std::string_view text) {
  std::map<std::string, std::string> members;
  size_t at = 0;
  if (text.empty() || text[at++] != '{') return std::nullopt;
  while (true) {
    auto name = read_string(text, at);
    if (!name || at >= text.size() || text[at++] != ':') return std::nullopt;
    auto value = read_string(text, at);
    if (!value || at >= text.size()) return std::nullopt;
    members.emplace(std::move(*name), std::move(*value));
    if (text[at] == '}') return members;
    if (text[at++] != ',') return std::nullopt;
  }
}

struct Parts {
  std::string type;  // DuckDB's class of exceptions: Binder, IO, Conversion
  std::string message;
  std::string subtype;
  std::optional<size_t> position;
};

// "Binder Error: …": the class ends at " Error: " and is short; a text without one stays whole.
Parts parts_of_plain_text(std::string_view text) {
  Parts parts;
  constexpr std::string_view kMark = " Error: ";
  const size_t mark = text.find(kMark);
  if (mark != std::string_view::npos && mark < 30 && !contains(text.substr(0, mark), "\n")) {
    parts.type = text.substr(0, mark);
    text.remove_prefix(mark + kMark.size());
  }
  parts.message = text.substr(0, text.find("\n\nLINE "));
  return parts;
}

Parts parts_of(std::string_view text) {
  Parts parts = parts_of_plain_text(text);
  // `Parser Error: {…}` for parser errors, else `{…}`.
  const size_t begin = parts.message.find(R"({"exception_type")");
  if (begin == std::string::npos) return parts;
  auto members = read_object(std::string_view(parts.message).substr(begin));
  if (!members) return parts;
  parts.type = (*members)["exception_type"];
  parts.message = (*members)["exception_message"];
  parts.subtype = (*members)["error_subtype"];
  const std::string& position = (*members)["position"];
  size_t offset = 0;
  const auto [end, error] =
      std::from_chars(position.data(), position.data() + position.size(), offset);
  if (error == std::errc() && end == position.data() + position.size()) parts.position = offset;
  return parts;
}

// DuckDB names the integer that it keeps a UUID in, and does not say which of the two was asked
// for. What comes before the last quote is the value.
void name_types_as_users_do(std::string& message) {
  constexpr std::string_view kInside = "INT128";
  const bool of_text = message.starts_with("Could not convert string ");
  const size_t end_of_value = message.find_last_of("'\"");
  const size_t from = end_of_value == std::string::npos ? 0 : end_of_value;
  const size_t at = message.find(kInside, from);
  if (at == std::string::npos) return;
  if (at > 0 && message[at - 1] != ' ') return;
  message.replace(at, kInside.size(), of_text ? "UUID or HUGEINT" : "HUGEINT");
}

// `Did you mean "pg_attrdef"?`: of tables that nobody made, and that no query may read.
void drop_internal_names(std::string& message) {
  const size_t at = message.find("\nDid you mean \"");
  if (at == std::string::npos) return;
  const std::string_view name = std::string_view(message).substr(at + 15);
  for (const std::string_view own :
       {"pg_", "duckdb_", "sqlite_", "pragma_", "information_schema"}) {
    if (name.starts_with(own)) return message.resize(at);
  }
}

// What DuckDB says when fsync gave EIO: neither the file nor the reason. It never tries again.
constexpr std::string_view kFailedSync = "fsync failed!";

std::string with_reason(const std::string& message) {
  if (message != kFailedSync) return message;
  return fmt::format("cannot sync: {}", std::generic_category().message(EIO));
}

// "… must be restarted prior to being used again.\nOriginal error: "…"": the part in quotes.
std::string first_failure(const std::string& message) {
  constexpr std::string_view kMark = "Original error: \"";
  const size_t mark = message.find(kMark);
  if (mark == std::string::npos) return message;
  std::string first = message.substr(mark + kMark.size());
  while (first.ends_with('"') || first.ends_with('\n')) first.pop_back();
  return with_reason(first);
}

// DuckDB's remedies are settings that nobody can reach here.
void name_own_remedy(std::string& message) {
  const size_t remedies = message.find("Possible solutions:");
  if (remedies == std::string::npos) return;
  message.resize(remedies);
  while (message.ends_with('\n')) message.pop_back();
  message += "; DuckDB may take more memory with a larger --memory (or LEAT_MEMORY)";
}

Error classified(Parts parts) {
  const auto make = [&parts](ErrorDomain domain, Retry retry, ErrorCode code) {
    return Error(domain, std::move(parts.message), retry, code);
  };
  const std::string& type = parts.type;
  const std::string& message = parts.message;
  const bool unreadable = contains(message, "Failure while replaying WAL file");
  if (contains(message, "database has been invalidated") && unreadable) {
    // Somebody tried to open it before, and was told the same.
    parts.message = first_failure(message).append(kRepairHint);
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kCorrupt);
  }
  if (contains(message, "database has been invalidated")) {
    parts.message = "DuckDB takes nothing more until the next start: " + first_failure(message);
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kUnspecified);
  }
  if (message == kFailedSync) {
    parts.message = with_reason(message);
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kUnspecified);
  }
  if (contains(message, "No space left on device") || contains(message, "Disk quota exceeded")) {
    return make(ErrorDomain::kExternal, Retry::kYes, ErrorCode::kNoSpace);
  }
  if (contains(message, std::generic_category().message(EIO))) {
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kUnspecified);  // no damage yet
  }
  if (contains(message, "with version number")) {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kUnsupported);
  }
  if (contains(message, "Corrupt") || contains(message, "checksum") ||
      contains(message, "not a valid DuckDB database file") || unreadable ||
      contains(message, "Could not read enough bytes from file")) {
    parts.message += kRepairHint;
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kCorrupt);
  }
  if (contains(message, "Could not set lock on file")) {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kInUse);
  }
  if (type == "INTERRUPT" || type == "Interrupt") {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kCancelled);
  }
  if (type == "INTERNAL" || type == "Internal" || type == "FATAL" || type == "Fatal") {
    return make(ErrorDomain::kInternal, Retry::kNo, ErrorCode::kUnspecified);
  }
  if (type == "TransactionContext") {
    const bool conflict = contains(message, "onflict") || contains(message, "Failed to commit");
    return make(conflict ? ErrorDomain::kExternal : ErrorDomain::kInternal,
                conflict ? Retry::kYes : Retry::kNo, ErrorCode::kUnspecified);
  }
  if (contains(message, "read-only mode")) {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kReadOnly);
  }
  if (type == "IO" || type == "Out of Memory") {
    return make(ErrorDomain::kExternal, Retry::kNo, ErrorCode::kUnspecified);
  }
  if (type == "Catalog" && contains(message, "does not exist")) {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kNotFound);
  }
  if (type == "Catalog" && contains(message, "already exists")) {
    return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kAlreadyExists);
  }
  return make(ErrorDomain::kUser, Retry::kNo, ErrorCode::kUnspecified);
}

}  // namespace

Error error_from_duckdb(std::string_view text) {
  Parts parts = parts_of(text);
  // What follows is for DuckDB's authors: a stack trace.
  parts.message.resize(std::min(parts.message.size(), parts.message.find("\nThis error signals")));
  if (parts.message.empty()) parts.message = "DuckDB failed without saying why";
  drop_internal_names(parts.message);
  name_types_as_users_do(parts.message);
  name_own_remedy(parts.message);
  const auto position = parts.position;
  Error error = classified(std::move(parts));
  if (position) return std::move(error).at_position(*position);
  return error;
}

Error with_file(Error error, const std::string& file) {
  const bool named = error.message().find(file) != std::string::npos;
  if (named || error.domain() == ErrorDomain::kUser) return error;
  return std::move(error).during(fmt::format("using {}", file));
}

}  // namespace leat::store
