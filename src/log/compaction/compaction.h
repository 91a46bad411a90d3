// Compaction of a partition with cleanup.policy=compact: of every key the last committed record
// stays, with its offset. Tombstones stay for delete_retention_ms after compaction first saw them
// (KIP-534), so that readers can learn of the deletion.
//
// Only full segments before the last stable offset are read, so every transaction in them is
// decided: what stays is written without producer and transaction, markers and aborted records go.
// Each segment is written anew beside itself and renamed over the old one, oldest first: a crash in
// between leaves a log with the same last record of every key.
#pragma once

#include "log/segment/partition.h"

namespace leat::log {

struct Compacted {
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
};

// Takes the records before `end`. Does nothing when less than min_cleanable_ratio of the full
// segments' bytes is new. One thread at a time per partition. REQUIRES: of the transactions before
// `end` all markers, in whatever partition, are on the disk; recovery would look for the records.
Result<Compacted> compact(Partition& partition, const LogEnvironment& environment, int64_t end);

}  // namespace leat::log
