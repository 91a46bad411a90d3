// Recorded people: records kept as the bytes of the files they come from.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace leat::mock_api {

struct Person {
  std::string_view bytes;
  std::string_view nat;     // empty when the record has none
  std::string_view gender;  // empty when the record has none
  std::vector<std::pair<std::string_view, std::string_view>> fields;  // name and bytes of the value
};

// Immutable. The views live as long as the object.
class People {
 public:
  // Each file is an answer of randomuser.me ({"results": […], "info": …}), a JSON list, or one
  // JSON value a line; all are joined in the order given. A record may be any JSON value. Errors:
  // user, for a file that is missing, is not JSON or holds nobody.
  static Result<People> load(std::span<const Path> files);

  const std::vector<Person>& all() const { return people_; }
  // `info` of the first answer among the files: "1.3" and "" without one.
  const std::string& version() const { return version_; }
  const std::string& recorded_seed() const { return recorded_seed_; }

 private:
  struct File;
  Result<void> add(const Path& path);

  std::vector<std::shared_ptr<const File>> files_;
  std::vector<Person> people_;
  std::string version_;
  std::string recorded_seed_;
};

}  // namespace leat::mock_api
