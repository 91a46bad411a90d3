// Which requests of a browser a server on this machine answers.
//
// A page from elsewhere, open in a browser here, reaches servers of this machine too. It can send
// them a POST without reading the answer (cross-site request forgery), or let its own name resolve
// to 127.0.0.1 and read as well (DNS rebinding). Browsers tell where a request comes from: in Host,
// Origin (RFC 6454) and Sec-Fetch-Site (W3C Fetch Metadata). Other clients send none of the latter
// two, and are no danger.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "web/http_message.h"

namespace leat::web {

// Why a request must not be answered; none for one that may be. 421 (RFC 9110, section 15.5.20):
// its Host is no IP address, not localhost and none of `host_names`. 403: its Origin is another
// server than its Host, or a method that may change something comes from another site's page.
std::optional<Response> refused_origin(std::string_view method, const net::Headers& headers,
                                       std::span<const std::string> host_names);

}  // namespace leat::web
