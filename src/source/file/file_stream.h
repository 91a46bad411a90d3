// A file's content as a stream of bytes, decompressed.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "source/file/file_options.h"
#include "source/format/byte_stream.h"

namespace leat::source {

// The file's own bytes; skip() does not read them. `file` outlives the stream.
std::unique_ptr<ByteStream> make_file_stream(const File& file);

// Several gzip members or zstd frames in a row are one content, as gunzip and unzstd have it.
// Errors: external kCorrupt when the compressed data is damaged or ends early.
std::unique_ptr<ByteStream> make_decompressed_stream(std::unique_ptr<ByteStream> compressed,
                                                     Compression compression);

}  // namespace leat::source
