#include "gateway/response_headers.h"

#include <algorithm>
#include <string>

namespace cloudpos::gateway {
namespace {

void SetIfAbsent(HttpResponse* response, std::string_view name, std::string_view value) {
  const bool is_set = std::any_of(response->headers.begin(), response->headers.end(),
                                  [name](const auto& header) { return header.first == name; });
  if (!is_set) response->Set(std::string(name), std::string(value));
}

}  // namespace

void AddCommonHeaders(const Exchange& exchange, HttpResponse* response) {
  SetIfAbsent(response, "Cache-Control", "no-store");
  SetIfAbsent(response, "Content-Security-Policy",
              "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  SetIfAbsent(response, "X-Content-Type-Options", "nosniff");
  SetIfAbsent(response, "X-Frame-Options", "DENY");
  SetIfAbsent(response, "Referrer-Policy", "no-referrer");
  SetIfAbsent(response, "Cross-Origin-Opener-Policy", "same-origin");
  SetIfAbsent(response, "Cross-Origin-Resource-Policy", "same-origin");
  if (exchange.is_secure) {
    SetIfAbsent(response, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  }
  SetIfAbsent(response, "X-Request-Id", exchange.request_id);
  if (!exchange.limit) return;
  const LimitVerdict& limit = *exchange.limit;
  const int64_t reset = absl::ToInt64Seconds(absl::Ceil(limit.retry_after, absl::Seconds(1)));
  response->Set("RateLimit-Limit", std::to_string(limit.limit));
  response->Set("RateLimit-Remaining", std::to_string(limit.remaining));
  response->Set("RateLimit-Reset", std::to_string(std::max<int64_t>(reset, 1)));
}

}  // namespace cloudpos::gateway
