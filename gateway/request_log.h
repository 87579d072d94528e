#pragma once

// What is written and counted about each request.

#include <atomic>
#include <cstdint>

#include "gateway/exchange.h"

namespace cloudpos::gateway {

class RequestLog {
 public:
  /// One JSON line, and the request's time in cloudpos_gateway_http_seconds{route,method,status}.
  void Record(const Exchange& exchange, const HttpResponse& response) const;
  /// For what was refused since there is too much to do: counted one by one, told of once a second.
  void RecordShed(const Exchange& exchange, const HttpResponse& response);
  /// The same for bytes that were no request.
  void RecordRefusal(const absl::Status& status, const HttpResponse& response,
                     const std::string& peer_ip) const;

 private:
  std::atomic<int64_t> shed_{0};  // not told of yet
  std::atomic<int64_t> shed_told_second_{0};
};

}  // namespace cloudpos::gateway
