// Who is to be called when something of a partition happens, instead of a thread that waits.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace leat::log {

// Callbacks, each with what it waits for; each is given out once. Not thread-safe: its owner's
// mutex guards it, and calls what take() gives without that mutex.
template <class Awaited, class Callback>
class Waiters {
 public:
  using Id = uint64_t;

  Id add(Awaited awaited, Callback callback) {
    entries_.push_back({++last_id_, std::move(awaited), std::move(callback)});
    return last_id_;
  }
  // False: it was given out already, or never was one.
  bool remove(Id id) {
    return std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; }) > 0;
  }
  // Those for which `happened(awaited)`, in the order in which they came.
  template <class Happened>
  std::vector<std::pair<Awaited, Callback>> take(Happened happened) {
    std::vector<std::pair<Awaited, Callback>> taken;
    std::erase_if(entries_, [&](Entry& entry) {
      if (!happened(entry.awaited)) return false;
      taken.emplace_back(std::move(entry.awaited), std::move(entry.callback));
      return true;
    });
    return taken;
  }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    Id id = 0;
    Awaited awaited;
    Callback callback;
  };
  std::vector<Entry> entries_;
  Id last_id_ = 0;
};

}  // namespace leat::log
