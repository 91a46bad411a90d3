// Which pages a task has had, in as few bytes as a cursor may take: enough to notice that pages go
// in a circle, also when the task is killed after each of them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace leat::source {

// 64 bits that stand for a text, the same on every machine: they are stored in cursors. No defence
// against a server that wants two texts to look alike; it would only shorten its own list.
uint64_t fingerprint(std::string_view text, uint64_t seed = 0);

struct PageMark {
  uint64_t request = 0;  // fingerprint of what was asked for
  uint64_t content = 0;  // of the records; 0: it had none
  bool operator==(const PageMark&) const = default;
};

// The last kRecent pages, and one older page: the last whose number is a power of two (R. P. Brent,
// An improved Monte Carlo factorization algorithm, 1980). A circle of up to kRecent pages is
// noticed at its first page that comes again; a longer one of n pages, that begins after m pages,
// before page 2 max(m, n) + n + 1.
class PageHistory {
 public:
  static constexpr size_t kRecent = 16;

  void add(PageMark page);
  int64_t pages() const { return pages_; }
  // The number (from 1) of an earlier page with that mark.
  std::optional<int64_t> page_asked(uint64_t request) const;
  std::optional<int64_t> page_with(uint64_t content) const;

  // 32 hexadecimal digits for each of the recent pages, and, once there is one, "NUMBER:" and
  // those of the older page before them.
  std::string text() const;
  // The history of that many pages. One that cannot be read is empty: it is a help, no more.
  static PageHistory parse(std::string_view text, int64_t pages);
  bool operator==(const PageHistory&) const = default;

 private:
  template <class Same>
  std::optional<int64_t> find(const Same& same) const;

  int64_t pages_ = 0;
  std::deque<PageMark> recent_;
  int64_t older_number_ = 0;  // 0: there is none
  PageMark older_;
};

}  // namespace leat::source
