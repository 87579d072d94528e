#pragma once

// What is written and counted about each request.

#include "gateway/exchange.h"

namespace cloudpos::gateway {

class RequestLog {
 public:
  /// One JSON line, and the request's time in cloudpos_gateway_http_seconds{route,method,status}.
  void Record(const Exchange& exchange, const HttpResponse& response) const;
  /// The same for bytes that were no request.
  void RecordRefusal(const absl::Status& status, const HttpResponse& response,
                     const std::string& peer_ip) const;
};

}  // namespace cloudpos::gateway
