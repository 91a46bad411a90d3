// What a status is called, and what it means for the request: done, try again (when?), or give up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "net/http/message.h"

namespace leat::net {

// "Not Found" for 404, "" for a number without a name.
std::string_view reason_phrase(int status);

enum class StatusClass : uint8_t { kSuccess, kRetry, kFail };

// Retry: 202 (accepted, and not yet there: RFC 9110, section 15.3.3), 408, 425, 429, 500, 502, 503,
// 504, Cloudflare's 522 and 524, and a 403 that is a rate limit (with Retry-After, with
// X-RateLimit-Remaining: 0, or GitHub's secondary limit, which may come without either:
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
StatusClass classify_status(const HttpResponse& response);

// How long the server asks to wait: Retry-After (seconds or a date, RFC 9110 section 10.2.3), else
// for 403 and 429 X-RateLimit-Reset (seconds since 1970) once X-RateLimit-Remaining is 0, else one
// minute for GitHub's secondary limit. Never negative. nullopt: it does not say.
std::optional<std::chrono::microseconds> requested_wait(const HttpResponse& response, Micros now);

}  // namespace leat::net
