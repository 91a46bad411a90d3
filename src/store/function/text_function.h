// A text as a function of SQL, for statements that are planned once and get another text each time.
// Parameters do not serve there: DuckDB plans a statement that has some and reads a table anew for
// every execution.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"

namespace leat::store {

// Not thread-safe; for one connection: elsewhere (a console) the function is an error.
class TextFunction {
 public:
  // Registers a function whose name begins with `name` and is no other's. It stays registered, a
  // few hundred bytes, until the database closes. REQUIRES: no transaction is open on `connection`;
  // its rollback would take the function along.
  static Result<std::unique_ptr<TextFunction>> create(std::string_view name,
                                                      Connection& connection);
  TextFunction(const TextFunction&) = delete;
  TextFunction& operator=(const TextFunction&) = delete;

  // What stands for the text in SQL: a VARCHAR.
  std::string call() const { return function_ + "()"; }
  void set(std::string text);

  struct Shared;

 private:
  TextFunction(std::string function, std::shared_ptr<Shared> shared);

  std::string function_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat::store
