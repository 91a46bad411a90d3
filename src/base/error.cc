#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace leat {

std::string Error::to_string() const {
  std::string text = message_;
  if (context_.empty()) return text;
  text += " (";
  for (size_t i = 0; i < context_.size(); ++i) {
    if (i > 0) text += "; ";
    text += "while ";
    text += context_[i];
  }
  text += ')';
  return text;
}

Error os_error(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::kUnspecified;
  Retry retry = Retry::kNo;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      code = ErrorCode::kNoSpace;
      retry = Retry::kYes;
      break;
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case EEXIST:
      code = ErrorCode::kAlreadyExists;
      break;
    case EROFS:
    case EACCES:
    case EPERM:
      code = ErrorCode::kReadOnly;
      break;
    case EAGAIN:
    case EINTR:
      retry = Retry::kYes;
      break;
    default:
      break;
  }
  return {ErrorDomain::kExternal,
          fmt::format("{}: {}", what, std::generic_category().message(error_number)), retry, code};
}

}  // namespace leat
