// What parse() keeps of a query: private to this folder.
#pragma once

#include <string>

#include "stream/query.h"
#include "stream/syntax/ast.h"

namespace leat::stream {

struct Query::Tree {
  std::string sql;
  std::string topic;
  bool names_all = false;
  Json root;  // the query node (SELECT_NODE or SET_OPERATION_NODE)
};

}  // namespace leat::stream
