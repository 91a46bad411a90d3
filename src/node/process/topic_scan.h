// SELECT … FROM topic('name') in the SQL console.
#pragma once

#include "base/result.h"
#include "node/instance/instance.h"

namespace leat::node {

// Makes the table function topic(name) known to the instance's store. Idempotent per instance.
Result<void> register_topic_tables(Instance& instance);

// "there is no topic ordres; did you mean orders?" (user, kNotFound)
Error no_such_topic(Instance& instance, const std::string& topic);

}  // namespace leat::node
