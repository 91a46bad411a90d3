#include "source/http/http_source.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/text/excerpt.h"
#include "base/time/backoff.h"
#include "net/http/client.h"
#include "net/http/redirects.h"
#include "net/http/requester.h"
#include "net/http/url.h"
#include "source/format/csv_reader.h"
#include "source/format/json_document.h"
#include "source/format/ndjson_reader.h"
#include "source/http/content/content_coding.h"
#include "source/http/content/partial_content.h"
#include "source/http/http_options.h"
#include "source/http/paginate/page_history.h"
#include "source/http/paginate/pagination.h"

namespace leat::source {
namespace {

constexpr std::string_view kEndCursor = R"({"v":1,"end":true})";
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

// Before a page that follows one that brought nothing new: who has nothing to say need not be asked
// at once.
constexpr Backoff kStalePause{.first = std::chrono::milliseconds(100),
                              .longest = std::chrono::milliseconds(10'000)};

// Of pages, beyond what the cursor knows: some 10 MB. Then the cursor's knowledge is all.
constexpr size_t kMostRemembered = 100'000;

// Of all records and of what is none, in their order; 0: there are none.
uint64_t content_mark(const RecordPart& part) {
  if (part.records.empty() && part.rejected.empty()) return 0;
  uint64_t mark = part.records.size();
  for (const SourceRecord& record : part.records) mark = fingerprint(record.value, mark);
  for (const RejectedRecord& rejected : part.rejected) mark = fingerprint(rejected.bytes, mark);
  return std::max<uint64_t>(mark, 1);
}

class HttpSource final : public Source {
 public:
  HttpSource(HttpOptions options, std::unique_ptr<net::HttpClient> client, Clock& clock)
      : options_(std::move(options)),
        is_paginated_(!std::holds_alternative<std::monostate>(options_.pagination)),
        client_(std::move(client)),
        clock_(clock),
        requester_(
            *client_, clock, [this](std::string_view text) { return options_.mask.mask(text); },
            options_.retry, options_.max_redirects, options_.spacing) {}

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
    if (const auto pause = kStalePause.after(at.stale_pages); pause.count() > 0) {
      if (!clock_.sleep_for(pause, stop))
        return coded_error(ErrorDomain::kExternal, ErrorCode::kCancelled, "stopped");
    }
    const std::string url = url_of(at);
    const bool is_first = at.pages == 0;
    const std::vector<int>& ends = is_first ? options_.empty_status : options_.end_status;
    SourceBatch batch{.origin = options_.mask.mask(url), .next_cursor = std::string(kEndCursor)};
    RecordPart part;
    std::string_view document;
    const auto check = [&](const net::HttpResponse& it) {
      batch.warnings.clear();
      return extract(it, is_first, part, document, batch.warnings);
    };
    LEAT_ASSIGN(net::HttpResponse response,
                requester_.send(request_for(url), {.check = check, .answers = ends}, stop));
    response.body = document;
    batch.last = true;
    if (std::ranges::find(ends, response.status) != ends.end()) return batch;

    const PageMark mark{.request = request_mark(at), .content = page_content(part)};
    PageHistory history = at.history;
    const auto before = earlier(history.page_with(mark.content), contents_, mark.content, at);
    if (before && !options_.reads_repeated_pages) {
      batch.warnings.push_back(repeated_warning(at, *before, part));
      return batch;
    }
    history.add(mark);
    remember(mark, at.pages + 1);

    const size_t count = part.records.size() + part.rejected.size();
    batch.memory = part.memory;
    batch.records = std::move(part.records);
    batch.rejected = std::move(part.rejected);
    std::ranges::move(part.warnings, std::back_inserter(batch.warnings));
    auto following = next_position(options_.pagination, at, response, count);
    if (!following.ok()) {
      return std::move(following).error().during(fmt::format("{} {}", options_.method, url));
    }
    std::optional<PagePosition> next = std::move(*following);
    if (!next || (options_.max_pages && next->pages >= *options_.max_pages)) return batch;
    if (const auto asked = page_asked_before(*next, history, response, at)) {
      batch.warnings.push_back(fmt::format(
          "page {} of {} names page {} as the next one: the pages go in a circle, so this is the "
          "end",
          at.pages + 1, options_.mask.mask(options_.url), *asked));
      return batch;
    }
    next->history = std::move(history);
    next->stale_pages = count == 0 || before ? at.stale_pages + 1 : 0;
    forget_secrets(*next);
    batch.last = false;
    batch.next_cursor = cursor_of(*next);
    return batch;
  }

  std::string url_of(const PagePosition& at) const {
    if (!at.url.empty()) return options_.mask.reveal(at.url);
    PagePosition plain = at;
    plain.cursor = options_.mask.reveal(at.cursor);
    const std::vector<net::Parameter> parameters = page_parameters(options_.pagination, plain);
    std::string url = options_.url;
    // Some want a cursor for the first page, too, such as `*`: it gives way to the next one.
    for (const net::Parameter& parameter : parameters) {
      if (net::has_parameter(url, parameter.name))
        url = net::without_parameter(url, parameter.name);
    }
    return net::with_parameters(url, parameters);
  }

  // Of a page's address as its cursor holds it: without secrets.
  uint64_t request_mark(PagePosition at) const {
    const std::string url = url_of(at);
    at.url = url;
    forget_secrets(at);
    return fingerprint(at.url);
  }

  uint64_t page_content(const RecordPart& part) const {
    return is_paginated_ ? content_mark(part) : 0;
  }

  using PagesByMark = std::unordered_map<uint64_t, int64_t>;

  // What the cursor knows, or what this object remembers beyond that of the pages before `at`.
  static std::optional<int64_t> earlier(std::optional<int64_t> known, const PagesByMark& pages,
                                        uint64_t mark, const PagePosition& at) {
    if (known || mark == 0) return known;
    const auto found = pages.find(mark);
    if (found == pages.end() || found->second > at.pages) return std::nullopt;
    return found->second;
  }

  std::optional<int64_t> page_asked_before(const PagePosition& next, const PageHistory& history,
                                           const net::HttpResponse& response,
                                           const PagePosition& at) const {
    if (next.url == response.url) return at.pages + 1;
    const uint64_t mark = request_mark(next);
    PagePosition now = at;
    now.pages += 1;
    return earlier(history.page_asked(mark), requests_, mark, now);
  }

  // The first page that had it.
  void remember(const PageMark& mark, int64_t page) {
    if (!is_paginated_ || requests_.size() >= kMostRemembered) return;
    requests_.try_emplace(mark.request, page);
    if (mark.content != 0) contents_.try_emplace(mark.content, page);
  }

  std::string repeated_warning(const PagePosition& at, int64_t before,
                               const RecordPart& part) const {
    const std::string_view why =
        is_numbered(options_.pagination)
            ? "the API may not heed the parameter, or gives its last page for every one beyond"
            : "the pages go in a circle";
    return fmt::format(
        "page {} of {} has the very records of page {}: {}. This is the end, and its {} records "
        "are not taken again (`repeated_pages: read` takes them)",
        at.pages + 1, options_.mask.mask(options_.url), before, why,
        part.records.size() + part.rejected.size());
  }

  net::HttpRequest request_for(const std::string& url) const {
    net::HttpRequest request{
        .method = options_.method, .url = url, .headers = options_.headers, .body = options_.body};
    if (options_.format == HttpFormat::kJson &&
        request.headers.find("Accept-Encoding") == nullptr) {
      request.headers.add("Accept-Encoding", "gzip, deflate, zstd");
    }
    // A next page may be anywhere; what is secret goes to the configured server only.
    if (!net::same_origin(url, options_.url)) {
      net::drop_credentials(request);
      return request;
    }
    for (const auto& [name, value] : options_.authentication.headers) {
      request.headers.add(name, value);
    }
    for (const net::Parameter& parameter : options_.authentication.parameters) {
      if (!net::has_parameter(url, parameter.name)) {
        request.url = net::with_parameters(request.url, {&parameter, 1});
      }
    }
    return request;
  }

  // Servers repeat in their links what they were asked with; cursors are stored.
  void forget_secrets(PagePosition& position) const {
    for (const net::Parameter& parameter : options_.authentication.parameters) {
      if (net::has_parameter(position.url, parameter.name))
        position.url = net::without_parameter(position.url, parameter.name);
    }
    position.url = options_.mask.hide(position.url);
    position.cursor = options_.mask.hide(position.cursor);
  }

  // All records of a response; an error when it cannot be used. `document`: the body, or what is
  // left of it without records that are not JSON.
  Result<void> extract(const net::HttpResponse& response, bool is_first, RecordPart& part,
                       std::string_view& document, std::vector<std::string>& warnings) const {
    part = {};
    document = response.body;
    if (response.status == 204 || response.status == 205) return {};
    if (response.status == 206) LEAT_TRY(check_partial(response, is_paginated_));
    if (options_.format == HttpFormat::kJson) {
      part.memory = response.memory;
      auto found = records_of_document(options_.records, response.body,
                                       options_.key ? &*options_.key : nullptr);
      if (!found.ok()) return lacking(response, is_first, found.error(), warnings);
      part.records = std::move(found->records);
      part.rejected = std::move(found->rejected);
      if (found->memory) {
        document = found->document;
        part.memory = std::move(found->memory);
      }
      return {};
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

  // Whether a response whose records cannot be had, since `error`, is one that has none.
  Result<void> lacking(const net::HttpResponse& response, bool is_first, const Error& error,
                       std::vector<std::string>& warnings) const {
    const bool is_empty = response.body.empty() && response.delimited;
    const bool lacks = is_empty || (error.code() == ErrorCode::kNotFound &&
                                    is_left_out(options_.records, response.body));
    if (!lacks) return error;
    if (options_.may_lack_records.value_or(!is_first)) {
      if (!options_.may_lack_records) {
        warnings.push_back(fmt::format(
            "{} has no list at `records: {}`, which is taken for an empty one (`missing_records: "
            "nothing` says that this is usual): {}",
            options_.mask.mask(response.url), options_.records.text(),
            excerpt(options_.mask.mask(response.body.substr(0, 4096)))));
      }
      return {};
    }
    const std::string why = is_empty ? "the response has no body" : error.message();
    return Error(error.domain(),
                 why + "; if that means that there is nothing, write `missing_records: nothing`",
                 error.retry(), error.code());
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
  const bool is_paginated_;
  const std::unique_ptr<net::HttpClient> client_;
  Clock& clock_;
  net::Requester requester_;
  // Further back than a cursor can tell: the first page that was asked so, or had that content.
  PagesByMark requests_;
  PagesByMark contents_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_http_source(const config::Node& node, Clock& clock,
                                                 std::optional<codec::JsonPath> key) {
  LEAT_ASSIGN(HttpOptions options, parse_http_options(node));
  options.key = std::move(key);
  auto client = make_decoding_client(net::make_curl_client(options.client),
                                     options.client.max_response_bytes);
  return make_http_source(std::move(options), std::move(client), clock);
}

Connector http_connector() {
  const auto check = [](const config::Node& node, const Path&,
                        FileSystem&) -> Result<std::vector<std::string>> {
    LEAT_TRY(parse_http_options(node));
    return std::vector<std::string>();
  };
  const auto make = [](const SourceContext& context) {
    return make_http_source(context.node, context.clock, context.key);
  };
  return {.key = http_source_key(), .check = check, .make = make};
}

std::unique_ptr<Source> make_http_source(HttpOptions options,
                                         std::unique_ptr<net::HttpClient> client, Clock& clock) {
  return std::make_unique<HttpSource>(std::move(options), std::move(client), clock);
}

}  // namespace leat::source
