// The connector `topic`: records of a topic, of the embedded log or of a Kafka cluster.
#pragma once

#include "sink/connector.h"

namespace leat::sink {

Connector topic_connector();

}  // namespace leat::sink
