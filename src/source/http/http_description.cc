#include "source/format/csv_options.h"
#include "source/http/authentication.h"
#include "source/http/http_source.h"

namespace leat::source {
namespace {

using config::Key;
using config::scalar;
using config::ValueKind;

// `page` and `offset`: a parameter that counts.
config::DescriptionPtr numbered(const std::string& param, const std::string& start,
                                const std::string& counts) {
  const auto size = config::mapping({{.name = "param",
                                      .value = scalar(ValueKind::kText),
                                      .doc = "The query parameter of the page's size.",
                                      .required = true},
                                     {.name = "value",
                                      .value = scalar(ValueKind::kInteger),
                                      .doc = "Records per page.",
                                      .required = true}});
  return config::mapping({{.name = "param",
                           .value = scalar(ValueKind::kText),
                           .doc = "The query parameter of " + counts + ".",
                           .default_text = param},
                          {.name = "start",
                           .value = scalar(ValueKind::kInteger),
                           .doc = "What it is for the first page.",
                           .default_text = start},
                          {.name = "size",
                           .value = size,
                           .doc = "A query parameter that says how many records a page has."}});
}

Key paginate_key() {
  const auto cursor = config::mapping(
      {{.name = "path",
        .value = scalar(ValueKind::kJsonPath),
        .doc =
            "Where the response's body holds the next page's cursor; null, false, empty, zero or "
            "missing: the end.",
        .required = true},
       {.name = "param",
        .value = scalar(ValueKind::kText),
        .doc = "The query parameter that carries it.",
        .default_text = "cursor"}});
  return {
      .name = "paginate",
      .value = config::one_of(
          {{.name = "page",
            .value = numbered("page", "1", "the page's number"),
            .doc = "Numbered pages, until one has no records."},
           {.name = "offset",
            .value = numbered("offset", "0", "the number of records before the page"),
            .doc = "Pages by the number of records before them, until one has no records."},
           {.name = "cursor",
            .value = cursor,
            .doc = "Each page's body holds what to ask for the next one with."},
           {.name = "link",
            .value = scalar(ValueKind::kText),
            .doc = "The relation of the Link header (RFC 8288) that names the next page: `next`."},
           {.name = "next_url",
            .value = scalar(ValueKind::kJsonPath),
            .doc = "Where the response's body holds the next page's URL; null, false, empty, zero "
                   "or missing: the end."}}),
      .doc =
          "How to get the next page: exactly one of `page`, `offset`, `cursor`, `link` and "
          "`next_url`. A page that was there before is the end, with a warning."};
}

Key body_key() {
  return {
      .name = "body",
      .value = config::one_of(
          {{.name = "json", .value = scalar(ValueKind::kAny), .doc = "Any value, sent as JSON."},
           {.name = "text", .value = scalar(ValueKind::kText), .doc = "Text, sent as it is."},
           {.name = "form",
            .value = config::map_of(scalar(ValueKind::kText)),
            .doc = "Fields, sent as a form."}}),
      .doc = "What a POST sends: exactly one of `json`, `text` and `form`."};
}

Key timeouts_key() {
  return {.name = "timeouts",
          .value = config::mapping({{.name = "connect",
                                     .value = scalar(ValueKind::kDuration),
                                     .doc = "Until the connection stands.",
                                     .default_text = "10s"},
                                    {.name = "idle",
                                     .value = scalar(ValueKind::kDuration),
                                     .doc = "Without a byte in either direction.",
                                     .default_text = "30s"},
                                    {.name = "total",
                                     .value = scalar(ValueKind::kDuration),
                                     .doc = "From the beginning to the last byte.",
                                     .default_text = "5m"}}),
          .doc = "How long one attempt may take."};
}

Key retries_key() {
  return {
      .name = "retries",
      .value = config::mapping(
          {{.name = "count",
            .value = scalar(ValueKind::kInteger),
            .doc = "Further attempts after the first.",
            .default_text = "5"},
           {.name = "delay",
            .value = scalar(ValueKind::kDuration),
            .doc =
                "The longest first wait; it doubles with every attempt, and a random part of it is "
                "waited.",
            .default_text = "1s"},
           {.name = "max_delay",
            .value = scalar(ValueKind::kDuration),
            .doc = "The longest wait between two attempts.",
            .default_text = "60s"},
           {.name = "max_wait",
            .value = scalar(ValueKind::kDuration),
            .doc = "The longest wait that a server may ask for (Retry-After, X-RateLimit-Reset); "
                   "asked "
                   "for a longer one, the task's attempt fails.",
            .default_text = "15m"}}),
      .doc =
          "Attempts of one request, when the network fails or the status is 202, 408, 425, 429, "
          "500, "
          "502, 503, 504, 522, 524 or a rate limit's 403; any other status is an error at once. A "
          "task's own "
          "`retries` come on top."};
}

}  // namespace

Key http_source_key() {
  const auto text = scalar(ValueKind::kText);
  return {
      .name = "http",
      .value = config::mapping(
          {{.name = "url",
            .value = text,
            .doc = "What to ask: http:// or https://.",
            .required = true},
           {.name = "method",
            .value = text,
            .doc = "The request's method.",
            .default_text = "GET",
            .choices = {"GET", "POST"}},
           {.name = "query",
            .value = config::map_of(scalar(ValueKind::kAny)),
            .doc = "Query parameters added to the URL; a list repeats its parameter."},
           {.name = "headers", .value = config::map_of(text), .doc = "Headers of every request."},
           body_key(),
           auth_key(),
           {.name = "records",
            .value = scalar(ValueKind::kJsonPath),
            .doc = "Where the records are in a JSON response: a list, or one record; without it "
                   "the root.",
            .default_text = ""},
           {.name = "format",
            .value = text,
            .doc = "How a response is written.",
            .default_text = "json",
            .choices = {"json", "ndjson", "csv"}},
           csv_key(),
           paginate_key(),
           {.name = "max_pages",
            .value = scalar(ValueKind::kInteger),
            .doc = "Stop after so many pages, also when there are more."},
           {.name = "end_status",
            .value = config::list_of(scalar(ValueKind::kInteger)),
            .doc =
                "Statuses of a page after the first that mean that there is no more. With `page` "
                "and `offset` 404, 410 and 416 by default, else none; 204 is an empty page "
                "always."},
           {.name = "empty_status",
            .value = config::list_of(scalar(ValueKind::kInteger)),
            .doc = "Statuses of the first page that mean that there is nothing: some APIs answer "
                   "404 then. None by default."},
           {.name = "missing_records",
            .value = text,
            .doc =
                "What a response without the list that `records` names is: an error, or one with "
                "no records. By default an error on the first page, and on a later one no "
                "records, with a warning. A list that is null has no records; a response with an "
                "`error` is an error.",
            .choices = {"error", "nothing"}},
           {.name = "repeated_pages",
            .value = text,
            .doc =
                "Whether a page that has the very records of one before is the end, since the API "
                "turns in a circle or does not heed the page that it is asked for, or is read "
                "like any other.",
            .default_text = "stop",
            .choices = {"stop", "read"}},
           {.name = "rate_limit",
            .value = text,
            .doc =
                "At most so many requests in a second, minute or hour, evenly spaced: 5/s, 100/m, "
                "1000/h. After a page that brought nothing new the next is asked for after 100 ms, "
                "and "
                "twice that with each further one, up to 10 s."},
           retries_key(),
           timeouts_key(),
           {.name = "redirects",
            .value = scalar(ValueKind::kInteger),
            .doc = "How many redirects are followed; no credentials go to another server.",
            .default_text = "10"},
           {.name = "max_response_bytes",
            .value = scalar(ValueKind::kBytes),
            .doc = "The largest response, decompressed; a larger one fails the task.",
            .default_text = "100MB"},
           {.name = "ca_file",
            .value = text,
            .doc = "Certificate authorities (PEM) to trust instead of the system's."},
           {.name = "user_agent",
            .value = text,
            .doc = "How the requests name their sender; leat/VERSION by default."}},
          "Records from an HTTP API.",
          "http:\n"
          "  url: https://api.github.com/repos/duckdb/duckdb/issues\n"
          "  query: {state: all, per_page: 100}\n"
          "  auth: {bearer: \"${secret:GITHUB_TOKEN}\"}\n"
          "  paginate: {link: next}\n"),
      .doc = "Asks an HTTP API, page by page."};
}

}  // namespace leat::source
