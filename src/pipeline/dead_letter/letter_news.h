// Dead letters told when they happen: the first of each reason at once, the others by their number.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace leat::pipeline {

// What is alike in the errors of letters that have one reason: numbers and quoted values are left
// out of it. One line.
std::string letter_reason(std::string_view error);

// Warnings in the log. Of each reason the first letter is told as it comes; then how many more
// there were, a second later at the earliest, then two, four, and so on up to a minute. Not
// thread-safe.
class LetterNews {
 public:
  // `owner` is "stream paid" or "task fetch"; `clock` outlives this.
  LetterNews(std::string owner, Clock& clock) : owner_(std::move(owner)), clock_(clock) {}

  // `place` says where the record came from: "orders-0@17", a URL, a file.
  void add(const std::string& place, const std::string& error);
  // To be called now and then: tells the numbers whose time has come; `all`: every number.
  void tell(bool all = false);

 private:
  struct Reason {
    int64_t untold = 0;
    std::string error;  // of the first letter
    std::chrono::steady_clock::time_point due;
    std::chrono::seconds interval{1};
  };

  const std::string owner_;
  Clock& clock_;
  std::map<std::string, Reason> reasons_;
};

}  // namespace leat::pipeline
