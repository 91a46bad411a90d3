// The connectors whose targets are tables of the embedded store: `table`, which always is one, and
// `postgres` and `cassandra`, which are without a URL.
#pragma once

#include <vector>

#include "sink/connector.h"

namespace leat::sink {

std::vector<Connector> table_connectors();

}  // namespace leat::sink
