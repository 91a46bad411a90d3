#include "source/http/http_source.h"

#include <limits>
#include <utility>

#include "source/format/csv_reader.h"
#include "source/format/json_document.h"
#include "source/format/ndjson_reader.h"
#include "source/http/http_options.h"
#include "source/http/paginate/pagination.h"
#include "source/http/retry/requester.h"
#include "source/http/transport/redirects.h"

namespace leat::source {
namespace {

constexpr std::string_view kEndCursor = R"({"v":1,"end":true})";
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

class HttpSource final : public Source {
 public:
  HttpSource(HttpOptions options, std::unique_ptr<HttpClient> client, Clock& clock)
      : options_(std::move(options)),
        client_(std::move(client)),
        requester_(*client_, clock, options_.mask, options_.retry, options_.max_redirects) {}

  Result<SourceBatch> next(const std::string& cursor, std::stop_token stop) override {
    if (cursor == kEndCursor) return SourceBatch{.next_cursor = cursor, .last = true};
    PagePosition at = first_position(options_.pagination);
    if (!cursor.empty()) {
      LEAT_ASSIGN(at, position_of(cursor));
    }
    auto batch = fetch(at, stop);
    if (batch.ok()) return batch;
    return masked(batch.error());
  }

 private:
  Result<SourceBatch> fetch(const PagePosition& at, std::stop_token stop) {
    const std::string url =
        at.url.empty() ? with_parameters(options_.url, page_parameters(options_.pagination, at))
                       : at.url;
    RecordPart part;
    LEAT_ASSIGN(
        HttpResponse response,
        requester_.send(
            request_for(url), [&](const HttpResponse& it) { return extract(it, part); }, stop));
    SourceBatch batch;
    batch.origin = options_.mask.mask(url);
    batch.memory = part.memory;
    const size_t count = part.records.size() + part.rejected.size();
    batch.records = std::move(part.records);
    batch.rejected = std::move(part.rejected);
    LEAT_ASSIGN(auto position, next_position(options_.pagination, at, url, response, count));
    if (position && options_.max_pages && position->pages >= *options_.max_pages) position.reset();
    if (position) forget_secrets(position->url);
    batch.last = !position;
    batch.next_cursor = position ? cursor_of(*position) : std::string(kEndCursor);
    return batch;
  }

  HttpRequest request_for(const std::string& url) const {
    HttpRequest request{.method = options_.method,
                        .url = url,
                        .headers = options_.headers,
                        .body = options_.body,
                        .accept_encoding = options_.format == HttpFormat::kJson};
    // A next page may be anywhere; what is secret goes to the configured server only.
    if (!same_origin(url, options_.url)) {
      drop_credentials(request);
      return request;
    }
    for (const Header& header : options_.authentication.headers) request.headers.push_back(header);
    for (const Parameter& parameter : options_.authentication.parameters) {
      if (!has_parameter(url, parameter.name)) {
        request.url = with_parameters(request.url, {&parameter, 1});
      }
    }
    return request;
  }

  // Servers repeat a key that came as a parameter in their links; cursors are stored.
  void forget_secrets(std::string& url) const {
    for (const Parameter& parameter : options_.authentication.parameters) {
      if (has_parameter(url, parameter.name)) url = without_parameter(url, parameter.name);
    }
  }

  // All records of a response; an error when any of it cannot be used.
  Result<void> extract(const HttpResponse& response, RecordPart& part) const {
    part = {};
    if (response.status == 204) return {};
    if (options_.format == HttpFormat::kJson) {
      LEAT_ASSIGN(part.records, records_of_document(options_.records, response.body,
                                                    options_.key ? &*options_.key : nullptr));
      part.memory = response.memory;
      return {};
    }
    if (const auto encoding = response.header("Content-Encoding");
        encoding && !equals_ignoring_case(*encoding, "identity")) {
      return external_error(
          Retry::kNo, "the response is encoded as {} though identity was asked for", *encoding);
    }
    if (!response.delimited) {
      return external_error(
          Retry::kNo,
          "the response has neither Content-Length nor chunks, so that nobody can "
          "know whether it is complete; only `format: json` can be read that way");
    }
    auto stream = make_memory_stream(response.body);
    if (options_.format == HttpFormat::kNdjson) {
      // One byte more than there are: the reader sees the end.
      LEAT_ASSIGN(part, make_ndjson_reader(std::move(stream), {}, options_.key)
                            ->read({.bytes = response.body.size() + 1, .records = kNoLimit}));
    } else {
      LEAT_ASSIGN(part, make_csv_reader(std::move(stream), options_.csv, {})
                            ->read({.bytes = kNoLimit, .records = kNoLimit}));
    }
    return {};
  }

  Error masked(const Error& error) const {
    Error copy(error.domain(), options_.mask.mask(error.message()), error.retry(), error.code());
    for (const std::string& what : error.context()) {
      Error next = std::move(copy).during(options_.mask.mask(what));
      copy = std::move(next);
    }
    return copy;
  }

  const HttpOptions options_;
  const std::unique_ptr<HttpClient> client_;
  Requester requester_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_http_source(const config::Node& node, Clock& clock,
                                                 std::optional<codec::JsonPath> key) {
  LEAT_ASSIGN(HttpOptions options, parse_http_options(node));
  options.key = std::move(key);
  auto client = make_curl_client(options.client);
  return make_http_source(std::move(options), std::move(client), clock);
}

std::unique_ptr<Source> make_http_source(HttpOptions options, std::unique_ptr<HttpClient> client,
                                         Clock& clock) {
  return std::make_unique<HttpSource>(std::move(options), std::move(client), clock);
}

}  // namespace leat::source
