// The names that a query reads from, without parsing it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leat::config {

// What follows FROM and JOIN, the further names of such a list, and the first argument where it is
// a call (TUMBLE(topic, …)); strings and comments are passed over, quoted names unquoted. Enough to
// order streams by the topics between them; names of CTEs are among the result. `stream` parses
// the query and is the one to say what is wrong with it.
std::vector<std::string> sql_sources(std::string_view sql);

}  // namespace leat::config
