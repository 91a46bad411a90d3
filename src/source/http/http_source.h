// Records from an HTTP API, page by page.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "config/description.h"
#include "config/node.h"
#include "net/http/client.h"
#include "source/connector.h"
#include "source/http/http_options.h"
#include "source/source.h"

namespace leat::source {

// The key `http` of a task.
config::Key http_source_key();
Connector http_connector();

// `node` is the value of `http`, checked against http_source_key(). `clock` outlives the source;
// all waiting between attempts is on it. Errors: user, with the place in the file.
//
// A batch is one page: one complete, valid response. Its origin is the request's URL, secrets
// masked. Cursors hold the next page's number or URL, without secrets. At `key` JSON and NDJSON
// records are said to have their key.
Result<std::unique_ptr<Source>> make_http_source(const config::Node& node, Clock& clock,
                                                 std::optional<codec::JsonPath> key = {});

// With another client than libcurl's.
std::unique_ptr<Source> make_http_source(HttpOptions options,
                                         std::unique_ptr<net::HttpClient> client, Clock& clock);

}  // namespace leat::source
