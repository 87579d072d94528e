#pragma once

// One request on its way through the gateway: what each step has found out for the later ones.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http_message.h"
#include "gateway/rate_limiter.h"
#include "gateway/route_table.h"
#include "google/protobuf/arena.h"
#include "libs/token/token.h"

namespace cloudpos::gateway {

struct Exchange {
  HttpRequest request;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  std::string request_id;
  std::string traceparent;
  std::string client_ip;
  bool is_secure = false;  // the client came by TLS

  RouteMatch match;
  std::string route_label = "none";  // for metrics: the pattern, or what was served
  std::shared_ptr<const token::Claims> claims;
  std::string_view bearer;  // points into the request
  bool has_cookie = false;  // a cookie filled a field of the request
  std::optional<LimitVerdict> limit;
  absl::Status outcome;  // of the call, for the log
  bool is_shed = false;  // refused before anything was done for it

  const RequestHead& head() const { return *request.head; }
  const Route& route() const { return *match.route; }
};

}  // namespace cloudpos::gateway
