// Queries that give in less time what a plan's own query gives, or find which of its rows fail.
//
// They decide nothing: what the plan's own query says of a row is what holds. Without them a stream
// gives the same rows and the same dead letters, later (docs/decisions/022).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/without.h"

namespace leat::stream {

// Which of them are made. REQUIRES, for tests: made before another thread changes the environment.
struct QuickOptions {
  bool casts = !store::is_without("quick_casts");
  bool checks = !store::is_without("failure_checks");
};

// Which rows of a batch fail in a cast. The columns of `sql`, which gives those rows only: the
// first failing cast as an index of `casts`, how many fail, the text that did not convert where
// that cast's value is a text, the row.
struct CastCheck {
  struct Cast {
    // An output column that is the cast of a text field, in a query that has no casts but these.
    bool of_text = false;
    bool one_message = false;  // and DuckDB says the same of each text that does not convert
    std::string sql;           // of_text: the query with this column only, and without WHERE
  };
  std::string sql;
  std::vector<Cast> casts;
};

// Of one plan. They read from __leat_batch(), as the plan's own query does.
struct QuickQueries {
  QuickOptions options;
  std::string casts_sql;                // the plan's query with quick casts; may not bind
  std::string probe_sql;                // the rows that fail; empty where TRY cannot tell
  std::optional<CastCheck> cast_check;  // finds most of them in a fraction of the time
};

}  // namespace leat::stream
