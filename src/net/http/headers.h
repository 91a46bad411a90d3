// Header fields (RFC 9110, section 5) and the rules that every one of them keeps.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace leat::net {

struct Header {
  std::string name;
  std::string value;
};

// In the order in which they stand; names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  // The value of the first field of that name, or null.
  const std::string* find(std::string_view name) const;
  void add(std::string name, std::string value);
  // Replaces every field of that name by one.
  void set(std::string name, std::string value);
  template <class Predicate>
  void remove_if(const Predicate& is_unwanted) {
    std::erase_if(fields_, is_unwanted);
  }
  void clear() { fields_.clear(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }
  const Header& operator[](size_t index) const { return fields_[index]; }

 private:
  std::vector<Header> fields_;
};

// Whether the header can be sent: its name is a token, and its value does not go on as another
// header. Errors: user; the value is not in them, as it may be secret.
Result<void> check_header(const Header& header);

// "Authorization: Basic …" (RFC 7617). REQUIRES: `user` has no colon.
Header basic_authorization(std::string_view user, std::string_view password);

}  // namespace leat::net
