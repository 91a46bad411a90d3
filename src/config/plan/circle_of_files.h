// Streams of several files that feed each other over topics.
#pragma once

#include <vector>

#include "config/pipeline.h"

namespace leat::config {

// Each file alone has no such circle (plan_builder.cc). Where several together have one, it is a
// mistake of the file in which it begins, which has no pipeline then, but a partial one.
void refuse_circle_of_files(std::vector<LoadResult>& files);

}  // namespace leat::config
