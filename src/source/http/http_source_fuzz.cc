// Input: a line that says how the response is read (format, pagination, JSONPath of the records),
// then a response as it comes from the network, without chunks. A server that gives this answer to
// every request leads to a page of valid records, the same ones each time, or to an error; nothing
// that is secret shows in either, or in a cursor, and a page that comes again is the last.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

#include "base/time/fake_clock.h"
#include "codec/json_select.h"
#include "net/http/response_head.h"
#include "source/http/content/content_coding.h"
#include "source/http/http_source.h"

using namespace leat;
using namespace leat::source;

namespace {

constexpr const char* kUrl = "https://api.example/v1/items?q=1";
constexpr const char* kSecret = "s3cr3t-k3y";
constexpr uint64_t kMostBytes = 1 << 20;

void check(bool holds) {
  if (!holds) std::abort();
}

// Answers every request with the same bytes.
class SameAnswer final : public net::HttpClient {
 public:
  explicit SameAnswer(std::string_view bytes) {
    net::ResponseHead head;
    while (!head.is_complete() && !bytes.empty()) {
      const size_t size = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
      const std::string_view line = bytes.substr(0, size);
      if (line.starts_with("HTTP/1.1 ")) response_.status = std::atoi(line.substr(9).data());
      check(head.add_line(line));
      bytes.remove_prefix(size);
    }
    response_.headers = head.take_headers();
    response_.delimited = response_.header("Content-Length").has_value();
    response_.set_body(std::string(bytes));
    framed_ = net::check_framing(response_.headers);
    if (framed_.ok()) framed_ = decode_content(response_, kMostBytes);
  }

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
    check(++requests_ < 1000);
    const bool ours = request.url.starts_with("https://api.example/");
    for (const net::Header& header : request.headers) check(ours || header.value != kSecret);
    if (!framed_.ok()) return framed_.error();
    net::HttpResponse response = response_;
    response.url = request.url;
    return response;
  }

 private:
  net::HttpResponse response_;
  Result<void> framed_;
  int requests_ = 0;
};

// Nothing when the line makes no sense.
std::optional<HttpOptions> options_of(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string format;
  std::string pagination;
  std::string records;
  words >> format >> pagination >> records;
  HttpOptions options;
  options.url = kUrl;
  options.format = format == "ndjson" ? HttpFormat::kNdjson
                   : format == "csv"  ? HttpFormat::kCsv
                                      : HttpFormat::kJson;
  auto path = codec::JsonPath::parse(records);
  if (!path.ok()) return std::nullopt;
  options.records = std::move(*path);
  if (pagination == "page") options.pagination = PageNumber{.param = "page", .start = 1};
  if (pagination == "offset") options.pagination = Offset{.param = "offset"};
  if (pagination == "cursor" && options.format == HttpFormat::kJson) {
    options.pagination = BodyCursor{*codec::JsonPath::parse("next"), "after"};
  }
  if (is_numbered(options.pagination)) options.end_status = {404};
  if (pagination == "link") options.pagination = LinkRelation{"next"};
  if (pagination == "next_url" && options.format == HttpFormat::kJson) {
    options.pagination = NextUrl{*codec::JsonPath::parse("next")};
  }
  options.authentication.headers = {{"X-API-Key", kSecret}};
  options.mask.add(kSecret);
  options.retry.count = 1;
  options.max_redirects = 3;
  return options;
}

void check_error(const Error& error) {
  check(!error.message().empty());
  check(error.to_string().find(kSecret) == std::string::npos);
}

void check_records(const SourceBatch& batch) {
  for (const SourceRecord& record : batch.records) check(codec::checked_value(record.value).ok());
  for (const RejectedRecord& rejected : batch.rejected) check(!rejected.error.empty());
  check(batch.last || !batch.next_cursor.empty());
  check(batch.next_cursor.find(kSecret) == std::string::npos);
  for (const std::string& warning : batch.warnings) {
    check(!warning.empty() && warning.find(kSecret) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == std::string::npos) return 0;
  const auto options = options_of(std::string_view(input).substr(0, line));
  if (!options) return 0;
  FakeClock clock;
  const std::string_view answer = std::string_view(input).substr(line + 1);
  auto source = make_http_source(*options, std::make_unique<SameAnswer>(answer), clock);
  std::string cursor;
  bool had_records = false;
  for (int page = 0; page < 4; ++page) {
    const auto batch = source->next(cursor, {});
    if (!batch.ok()) {
      check_error(batch.error());
      return 0;
    }
    check_records(*batch);
    const auto again = source->next(cursor, {});
    check(again.ok() && again->records.size() == batch->records.size() &&
          again->rejected.size() == batch->rejected.size() &&
          again->next_cursor == batch->next_cursor && again->last == batch->last);
    if (batch->last) return 0;
    check(!had_records);
    had_records = !batch->records.empty() || !batch->rejected.empty();
    cursor = batch->next_cursor;
  }
  return 0;
}
