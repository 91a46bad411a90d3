// Following redirects ourselves (RFC 9110, section 15.4), so that nothing secret follows to
// another server.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "source/http/transport/http_client.h"

namespace leat::source {

// Sends the request and follows at most `max_redirects`. To another origin go only Accept,
// Accept-Language, Content-Type and User-Agent; 301, 302 and 303 turn a POST into a GET without a
// body; https is never left for http. A response that redirects nowhere is returned as it is.
Result<HttpResponse> send_following(HttpClient& client, HttpRequest request, int max_redirects,
                                    std::stop_token stop);

// Takes away the headers that may not go to another origin than the one they are meant for.
void drop_credentials(HttpRequest& request);

}  // namespace leat::source
