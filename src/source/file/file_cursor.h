// Where a file source goes on, and what the file looked like then.
#pragma once

#include <cstdint>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "source/format/record_reader.h"

namespace leat::source {

// A file's identity without reading all of it: its size, and checksums (CRC-32) of its first and
// last 4 KiB. A rewrite that keeps size, beginning and end is not noticed.
struct Fingerprint {
  uint64_t size = 0;
  uint32_t head = 0;
  uint32_t tail = 0;
  bool operator==(const Fingerprint&) const = default;
};

// Of the file's first `size` bytes. REQUIRES: the file has them.
Result<Fingerprint> fingerprint_of(const File& file, uint64_t size);

// {"v":1,"file":"a.csv","byte":512,"line":9,"record":8,"size":900,"head":123,"tail":456}
struct FileCursor {
  std::string file;  // as the list names it
  ReadPosition at;
  Fingerprint fingerprint;  // size 0 at the beginning of a file: not looked at yet
};

std::string text_of(const FileCursor& cursor);
// Errors: internal when the text is not a cursor of this version.
Result<FileCursor> file_cursor_of(const std::string& text);

}  // namespace leat::source
