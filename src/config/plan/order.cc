#include "config/plan/order.h"

#include <algorithm>
#include <cstdint>

namespace leat::config {
namespace {

enum class Visit : uint8_t { kNot, kOpen, kDone };

// An item whose upstream items are being visited; a stack of these instead of recursion, since a
// chain of tasks may be as long as the file allows.
struct Frame {
  size_t item;
  size_t next_upstream = 0;
};

}  // namespace

Order order_by_upstream(const std::vector<std::vector<size_t>>& upstream) {
  Order out;
  std::vector<Visit> visits(upstream.size(), Visit::kNot);
  for (size_t root = 0; root < upstream.size(); ++root) {
    if (visits[root] != Visit::kNot) continue;
    std::vector<Frame> stack = {{root}};
    visits[root] = Visit::kOpen;
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next_upstream == upstream[top.item].size()) {
        visits[top.item] = Visit::kDone;
        out.order.push_back(top.item);
        stack.pop_back();
        continue;
      }
      const size_t item = upstream[top.item][top.next_upstream++];
      if (visits[item] == Visit::kNot) {
        visits[item] = Visit::kOpen;
        stack.push_back({item});
      } else if (visits[item] == Visit::kOpen) {
        // The stack holds item ← … ← top: read backwards, it is the order of work.
        Order cyclic;
        cyclic.cycle.push_back(item);
        for (auto frame = stack.rbegin(); frame->item != item; ++frame) {
          cyclic.cycle.push_back(frame->item);
        }
        cyclic.cycle.push_back(item);
        return cyclic;
      }
    }
  }
  return out;
}

}  // namespace leat::config
