// The connector `hdfs`: directories of Parquet files, below the data directory so far.
#pragma once

#include "sink/connector.h"

namespace leat::sink {

Connector hdfs_connector();

}  // namespace leat::sink
