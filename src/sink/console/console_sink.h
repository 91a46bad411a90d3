// Rows for people to watch: one JSON object a line, or a table an epoch.
//
// At least once: an epoch that is delivered again is printed again.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/connector.h"
#include "sink/sink.h"

namespace leat::sink {

enum class ConsoleFormat : uint8_t { kNdjson, kTable };

// Writes each epoch as a whole and flushes the stream. Errors: external when it cannot be written.
class ConsoleSink final : public Sink {
 public:
  // REQUIRES: `out` stays open.
  ConsoleSink(std::FILE* out, ConsoleFormat format) : out_(out), format_(format) {}

  Result<void> prepare(const std::vector<store::Column>& columns) override;
  // A delete is {"__deleted":"<key>"}, or a line `deleted <key>` under the table.
  Result<Delivery> deliver(const EpochIdentity& epoch, const store::RowBatch& rows) override;
  Result<void> flush() override;
  Result<void> close() override;

 private:
  std::FILE* out_;
  ConsoleFormat format_;
};

// console: printed rows, on standard output.
Connector console_connector();

}  // namespace leat::sink
