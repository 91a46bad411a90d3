#include "source/http/content/content_coding.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text/lower_case.h"
#include "base/text/utf8.h"
#include "source/format/decompressed_stream.h"
#include "source/format/record_reader.h"
#include "source/http/content/charset.h"

namespace leat::source {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

// No body is compressed more often.
constexpr int kMostLayers = 4;

static_assert(net::kBodyPadding >= kRecordPadding);

// What the first bytes say; a zlib header (RFC 1950) is two bytes that text can begin with, too, so
// that it counts only where deflate is expected.
std::optional<Compression> compression_of(std::string_view body) {
  if (body.starts_with("\x1F\x8B\x08")) return Compression::kGzip;
  if (body.starts_with("\x28\xB5\x2F\xFD")) return Compression::kZstd;
  return std::nullopt;
}

bool has_zlib_header(std::string_view body) {
  if (body.size() < 2) return false;
  const auto first = static_cast<unsigned char>(body[0]);
  const auto second = static_cast<unsigned char>(body[1]);
  return (first & 0x0F) == 8 && (first * 256 + second) % 31 == 0;
}

Result<std::string> decompressed(std::string_view body, Compression compression,
                                 uint64_t max_bytes) {
  const auto stream = make_decompressed_stream(make_memory_stream(body), compression);
  std::string content;
  size_t size = 0;
  for (;;) {
    if (content.size() - size < kPieceBytes) content.resize(std::max(size * 2, kPieceBytes));
    const auto got =
        stream->read({reinterpret_cast<std::byte*>(content.data()) + size, content.size() - size});
    if (!got.ok()) {
      return external_error(Retry::kYes, "the response is damaged: {}", got.error().message());
    }
    if (*got == 0) break;
    size += *got;
    if (size > max_bytes) {
      return external_error(Retry::kNo, "the response is larger than max_response_bytes ({} bytes)",
                            max_bytes);
    }
  }
  content.resize(size);
  content.reserve(size + net::kBodyPadding);
  return content;
}

// The names in a list, from the coding that was applied last.
std::vector<std::string_view> codings_of(const net::HttpResponse& response) {
  std::vector<std::string_view> codings;
  for (const net::Header& header : response.headers) {
    if (!same_in_lower_case(header.name, "Content-Encoding")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      while (name.starts_with(' ') || name.starts_with('\t')) name.remove_prefix(1);
      while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
      if (!name.empty()) codings.insert(codings.begin(), name);
    }
  }
  return codings;
}

Result<void> take_off(net::HttpResponse& response, Compression compression, uint64_t max_bytes) {
  LEAT_ASSIGN(std::string content, decompressed(response.body, compression, max_bytes));
  response.set_body(std::move(content));
  return {};
}

Result<void> take_off_deflate(net::HttpResponse& response, uint64_t max_bytes) {
  // Text was declared to be compressed and is not: what is compressed is no text.
  if (is_utf8(response.body) || compression_of(response.body)) return {};
  return take_off(response,
                  has_zlib_header(response.body) ? Compression::kZlib : Compression::kRawDeflate,
                  max_bytes);
}

Result<void> take_off_named(net::HttpResponse& response, std::string_view coding,
                            uint64_t max_bytes) {
  const auto is = [coding](std::string_view name) { return same_in_lower_case(coding, name); };
  if (is("deflate")) return take_off_deflate(response, max_bytes);
  if (is("br") || is("compress") || is("x-compress") || is("dcb") || is("dcz")) {
    return external_error(
        Retry::kNo,
        "the response is encoded as {}, which was not asked for: gzip, deflate and zstd "
        "can be read",
        coding);
  }
  // gzip, x-gzip and zstd are known by the body itself; of others ("utf-8", "none") there is
  // nothing to take off.
  return {};
}

class DecodingClient final : public net::HttpClient {
 public:
  DecodingClient(std::unique_ptr<net::HttpClient> client, uint64_t max_bytes)
      : client_(std::move(client)), max_bytes_(max_bytes) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override {
    LEAT_ASSIGN(net::HttpResponse response, client_->send(request, std::move(stop)));
    // What is no success is read by people only.
    if (auto decoded = decode_content(response, max_bytes_);
        !decoded.ok() && response.status < 300) {
      return decoded.error();
    }
    return response;
  }

 private:
  const std::unique_ptr<net::HttpClient> client_;
  const uint64_t max_bytes_;
};

}  // namespace

Result<void> decode_content(net::HttpResponse& response, uint64_t max_bytes) {
  if (response.body.empty()) return {};
  for (const std::string_view coding : codings_of(response)) {
    LEAT_TRY(take_off_named(response, coding, max_bytes));
  }
  for (int layer = 0; layer < kMostLayers; ++layer) {
    const auto compression = compression_of(response.body);
    if (!compression) break;
    LEAT_TRY(take_off(response, *compression, max_bytes));
  }
  if (auto text = utf8_of(response.body, response.header("Content-Type").value_or(""))) {
    response.set_body(std::move(*text));
  }
  return {};
}

std::unique_ptr<net::HttpClient> make_decoding_client(std::unique_ptr<net::HttpClient> client,
                                                      uint64_t max_bytes) {
  return std::make_unique<DecodingClient>(std::move(client), max_bytes);
}

}  // namespace leat::source
