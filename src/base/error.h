// What went wrong, who must act, and what was being done.
//
// An Error carries a domain (who acts), a retry hint (whether trying again can help), a code for
// the few cases that callers branch on, a message a person can act on (it names the thing:
// topic-partition@offset, URL, file:line), and the chain of what was being done, innermost first.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leat {

enum class ErrorDomain : uint8_t {
  kUser,      // the pipeline file, a flag or a query is wrong: fix it
  kExternal,  // another system or the machine failed: network, disk, API
  kInternal,  // a bug in Leat
};

enum class Retry : uint8_t { kNo, kYes };

enum class ErrorCode : uint8_t {
  kUnspecified,
  kInvalid,  // malformed input
  kNotFound,
  kAlreadyExists,
  kOutOfRange,  // an offset outside the log
  kCorrupt,     // stored bytes fail their checksum
  kFenced,      // a newer instance of this producer exists
  kCancelled,   // a stop was requested
  kTimeout,
  kNoSpace,      // ENOSPC, EDQUOT
  kInUse,        // locked by another process
  kUnsupported,  // not built yet, or not in this version
  kReadOnly,
};

class Error {
 public:
  Error(ErrorDomain domain, std::string message, Retry retry = Retry::kNo,
        ErrorCode code = ErrorCode::kUnspecified)
      : message_(std::move(message)), domain_(domain), retry_(retry), code_(code) {}

  ErrorDomain domain() const { return domain_; }
  Retry retry() const { return retry_; }
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& context() const { return context_; }
  // Where in the text that was parsed (SQL, JSONPath, YAML value): a byte offset.
  std::optional<size_t> position() const { return position_; }

  // Adds what was being done ("reading topic users_created"), outermost last.
  // By value: a reference into a temporary would outlive it in `auto& e = user_error(…).during(…)`.
  Error during(std::string what) && {
    context_.push_back(std::move(what));
    return std::move(*this);
  }

  Error at_position(size_t offset) && {
    position_ = offset;
    return std::move(*this);
  }

  // "message (while inner; while outer)"
  std::string to_string() const;

 private:
  std::string message_;
  std::vector<std::string> context_;
  std::optional<size_t> position_;
  ErrorDomain domain_;
  Retry retry_;
  ErrorCode code_;
};

// The three domains by name: user_error("no topic {}", name).
template <class... Args>
Error user_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorDomain::kUser, fmt::format(format, std::forward<Args>(args)...)};
}
template <class... Args>
Error external_error(Retry retry, fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorDomain::kExternal, fmt::format(format, std::forward<Args>(args)...), retry};
}
template <class... Args>
Error internal_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorDomain::kInternal, fmt::format(format, std::forward<Args>(args)...)};
}
// With a code: coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "no topic {}", name).
template <class... Args>
Error coded_error(ErrorDomain domain, ErrorCode code, fmt::format_string<Args...> format,
                  Args&&... args) {
  return {domain, fmt::format(format, std::forward<Args>(args)...), Retry::kNo, code};
}

// An errno of the operating system: external; ENOSPC and EDQUOT become kNoSpace.
Error os_error(int error_number, std::string_view what);

}  // namespace leat
