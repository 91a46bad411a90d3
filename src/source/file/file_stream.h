// A file's content as a stream of bytes.
#pragma once

#include <memory>

#include "base/file_system.h"
#include "source/format/byte_stream.h"

namespace leat::source {

// The file's own bytes; skip() does not read them. `file` outlives the stream.
std::unique_ptr<ByteStream> make_file_stream(const File& file);

}  // namespace leat::source
