// The body of a response as it was before the server compressed it and wrote it in its own
// character set.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "net/http/client.h"
#include "net/http/message.h"

namespace leat::source {

// Takes gzip, deflate (RFC 1950 or, as some servers have it, RFC 1951) and zstd off the body, by
// Content-Encoding, and where it lies, by the body itself: a body that is declared to be compressed
// and is not stays as it is, and one that nobody declared is decompressed. Text behind which
// Content-Type or a byte order mark puts ISO 8859-1, windows-1252 or UTF-16 becomes UTF-8, unless
// it is that already. Errors: external; Retry::kYes where the data is damaged or ends early, else
// Retry::kNo: a coding that is not known here, more than `max_bytes`.
Result<void> decode_content(net::HttpResponse& response, uint64_t max_bytes);

// A client whose responses have gone through decode_content(). One that cannot be decoded is an
// error where its status is below 300.
std::unique_ptr<net::HttpClient> make_decoding_client(std::unique_ptr<net::HttpClient> client,
                                                      uint64_t max_bytes);

}  // namespace leat::source
