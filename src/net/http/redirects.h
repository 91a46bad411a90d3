// Following redirects ourselves (RFC 9110, section 15.4), so that nothing secret follows to
// another server.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "net/http/client.h"

namespace leat::net {

// Sends the request and follows at most `max_redirects`. To another origin go only Accept,
// Accept-Language, Content-Type and User-Agent; 301, 302 and 303 turn a POST into a GET without a
// body; https is never left for http. A response that redirects nowhere is returned as it is.
// Errors: external, also where a body_source would have to be sent again.
Result<HttpResponse> send_following(HttpClient& client, HttpRequest request, int max_redirects,
                                    std::stop_token stop);

// For a body that belongs where the first server says (WebHDFS: CREATE and APPEND answer 307):
// sends the request without its body, and the body once, to where that redirects; credentials do
// not follow to another origin. A first response that redirects nowhere is the outcome, and the
// body was not sent. The second response is not followed.
Result<HttpResponse> send_body_to_redirect(HttpClient& client, HttpRequest request,
                                           std::stop_token stop);

// Takes away the headers that may not go to another origin than the one they are meant for.
void drop_credentials(HttpRequest& request);

}  // namespace leat::net
