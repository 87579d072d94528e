#pragma once

// One keep-alive HTTP/1.1 connection to the gateway; blocking calls with a time limit.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace cloudpos::replay {

struct HttpAddress {
  std::string host;
  std::string port;
};

/// "http://127.0.0.1:8080"; INVALID_ARGUMENT for anything else. Plain HTTP only: tokens travel
/// in it, so the gateway must be on this machine or behind a tunnel.
absl::StatusOr<HttpAddress> ParseAddress(const std::string& url);

struct HttpCall {
  std::string method;  // GET or POST
  std::string target;
  std::string token;  // empty: none
  std::string body;  // JSON; empty: none
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

/// Not thread-safe.
class HttpClient {
 public:
  /// `patience`: how long one step of a call may take. The default is longer than the gateway's own
  /// limit: what takes longer has lost its connection.
  explicit HttpClient(HttpAddress address,
                      std::chrono::seconds patience = std::chrono::seconds(60));
  ~HttpClient();

  /// UNAVAILABLE when the connection broke or did not come about: the call may have happened.
  absl::StatusOr<HttpAnswer> Send(const HttpCall& call);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::replay
