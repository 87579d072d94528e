#pragma once

// What keeps one site's pages from acting on another: CORS by exact allow-list, and a check of the
// request's origin where a cookie speaks for the user.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/exchange.h"

namespace cloudpos::gateway {

class BrowserGuard {
 public:
  /// `origins` are exact, e.g. "https://shop.example".
  explicit BrowserGuard(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// CSRF_REJECTED unless the request comes from our own pages (or listed ones) and carries the
  /// header X-CloudPOS-Request, which no foreign page can send without a preflight.
  absl::Status CheckCookieRequest(const Exchange& exchange) const;

  /// Adds Access-Control-* when the request's Origin is listed, and Vary in any case.
  void AddCorsHeaders(const RequestHead& head, HttpResponse* response) const;

  /// The answer to OPTIONS on a path that offers `verbs`.
  HttpResponse Preflight(const RequestHead& head, const std::vector<std::string>& verbs) const;

 private:
  bool IsListed(std::string_view origin) const;

  std::vector<std::string> origins_;
};

}  // namespace cloudpos::gateway
