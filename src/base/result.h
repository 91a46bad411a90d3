// Result<T>: a value or an Error. No exceptions cross a function that returns one.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "base/error.h"

namespace leat {

template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  // REQUIRES: !ok()
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<std::monostate, Error> state_;
};

}  // namespace leat

#define LEAT_CONCAT_(a, b) a##b
#define LEAT_CONCAT(a, b) LEAT_CONCAT_(a, b)

// LEAT_TRY(file.sync()): returns the error of the enclosing function, if there is one.
#define LEAT_TRY(expression)                                              \
  do {                                                                    \
    auto leat_try_result = (expression);                                  \
    if (!leat_try_result.ok()) return std::move(leat_try_result).error(); \
  } while (false)

// LEAT_ASSIGN(auto size, file.size()): assigns the value or returns the error.
#define LEAT_ASSIGN(target, expression) \
  LEAT_ASSIGN_NAMED_(LEAT_CONCAT(leat_assign_, __LINE__), target, expression)
#define LEAT_ASSIGN_NAMED_(name, target, expression) \
  auto name = (expression);                          \
  if (!name.ok()) return std::move(name).error();    \
  target = std::move(name).value()

// The same, adding what was being done: LEAT_TRY_DURING(sink.deliver(rows), "delivering epoch {}",
// n).
#define LEAT_TRY_DURING(expression, ...)                                          \
  do {                                                                            \
    auto leat_try_result = (expression);                                          \
    if (!leat_try_result.ok())                                                    \
      return std::move(leat_try_result).error().during(fmt::format(__VA_ARGS__)); \
  } while (false)
