// Settings of the log as a whole. Those of a topic are in TopicConfig.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leat::log {

struct LogOptions {
  // Threads that write and sync, each one partition at a time.
  int flush_threads = 4;
  // Appends of a partition that are not written yet; beyond it, appending waits.
  size_t max_pending_bytes = 32 << 20;
  // Transactions write in the background once they hold this much in a partition.
  size_t background_flush_bytes = 4 << 20;
  // What nobody waits for (markers of finished transactions) is synced this much later at most.
  int64_t lazy_flush_ms = 50;
  // Records of one append are cut into batches of about this size.
  size_t batch_bytes = 256 << 10;
  // A compressed batch that gives more is refused as damaged.
  size_t max_decompressed_bytes = 256 << 20;
  // Compaction runs when this share of a partition's full segments is new since the last time.
  double min_cleanable_ratio = 0.5;
  // Recovery points are moved by maintain() when this much was written since the last time.
  uint64_t checkpoint_bytes = 64 << 20;
  // The sequence numbers of a producer that writes nothing are kept so long (Kafka's
  // producer.id.expiration.ms).
  int64_t producer_expiration_ms = 24 * 3600 * 1000LL;
};

}  // namespace leat::log
