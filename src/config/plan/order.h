// Upstream before downstream.
#pragma once

#include <cstddef>
#include <vector>

namespace leat::config {

struct Order {
  std::vector<size_t> order;  // every item once, after its upstream items; else as they were given
  std::vector<size_t> cycle;  // not empty: [a, b, a], each before the next one; `order` is empty
};

// upstream[i]: the items that come before item i.
Order order_by_upstream(const std::vector<std::vector<size_t>>& upstream);

}  // namespace leat::config
