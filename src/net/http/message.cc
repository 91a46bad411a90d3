#include "net/http/message.h"

#include <utility>

namespace leat::net {

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  const std::string* const value = headers.find(name);
  if (value == nullptr) return std::nullopt;
  return *value;
}

void HttpResponse::set_body(std::string bytes) {
  const size_t size = bytes.size();
  bytes.append(kBodyPadding, '\0');
  memory = std::make_shared<const std::string>(std::move(bytes));
  body = std::string_view(*memory).substr(0, size);
}

}  // namespace leat::net
