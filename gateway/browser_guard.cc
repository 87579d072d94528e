#include "gateway/browser_guard.h"

#include <algorithm>

#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

constexpr char kRequestHeaders[] =
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-CloudPOS-Request, "
    "X-Request-Id, "
    "Traceparent";
constexpr char kResponseHeaders[] =
    "ETag, Idempotency-Replayed, Retry-After, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, "
    "X-Request-Id";

std::string Join(const std::vector<std::string>& verbs) {
  std::string text;
  for (const std::string& verb : verbs) text += (text.empty() ? "" : ", ") + verb;
  return text;
}

}  // namespace

bool BrowserGuard::IsListed(std::string_view origin) const {
  return !origin.empty() && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

absl::Status BrowserGuard::CheckCookieRequest(const Exchange& exchange) const {
  const RequestHead& head = exchange.head();
  const auto refuse = [](std::string_view why) {
    return base::Fail(common::v1::CSRF_REJECTED, why);
  };
  if (head.Find("x-cloudpos-request").empty()) {
    return refuse("Requests that rely on a cookie need the header X-CloudPOS-Request.");
  }
  const std::string_view origin = head.Find("origin");
  if (IsListed(origin)) return absl::OkStatus();
  const std::string_view site = head.Find("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    return refuse("The request comes from another site.");
  }
  const std::string own = (exchange.is_secure ? "https://" : "http://") + std::string(head.host);
  if (!origin.empty() && origin != own) return refuse("The request comes from another origin.");
  return absl::OkStatus();
}

void BrowserGuard::AddCorsHeaders(const RequestHead& head, HttpResponse* response) const {
  if (origins_.empty()) return;
  response->Set("Vary", "Origin");
  const std::string_view origin = head.Find("origin");
  if (!IsListed(origin)) return;
  response->Set("Access-Control-Allow-Origin", std::string(origin));
  response->Set("Access-Control-Allow-Credentials", "true");
  response->Set("Access-Control-Expose-Headers", kResponseHeaders);
}

HttpResponse BrowserGuard::Preflight(const RequestHead& head,
                                     const std::vector<std::string>& verbs) const {
  HttpResponse response;
  response.status = 204;
  response.Set("Allow", Join(verbs));
  if (IsListed(head.Find("origin")) && !head.Find("access-control-request-method").empty()) {
    response.Set("Access-Control-Allow-Methods", Join(verbs));
    response.Set("Access-Control-Allow-Headers", kRequestHeaders);
    response.Set("Access-Control-Max-Age", "600");
  }
  return response;
}

}  // namespace cloudpos::gateway
