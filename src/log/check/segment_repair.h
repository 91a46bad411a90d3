// Mending the files of one partition. Nobody else may have them open.
//
// Every step is made so that a crash leaves either the old file or the new one. What is taken out
// is copied to a file beside first.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "log/check/segment_check.h"

namespace leat::log {

// Takes the bad ranges out of the segment. Empty batches stand for the offsets that were in them,
// so that reading goes over them; its indexes are made anew by the next start. Returns the files
// that hold the bytes.
Result<std::vector<Path>> repair_segment(FileSystem& files, const Path& directory,
                                         const SegmentCheck& check, const std::string& stamp);

// Makes segments without records for offsets that no file holds.
Result<void> fill_gap(FileSystem& files, const Path& directory, OffsetGap gap);

// Removes the segment's indexes, which the next start makes anew.
Result<void> remove_indexes(FileSystem& files, const Path& directory, int64_t base_offset);

}  // namespace leat::log
