#pragma once

// The way in from outside: the gateway's REST API.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "boost/json/object.hpp"
#include "tests/security/strangers/answer.h"
#include "tests/security/strangers/fill.h"
#include "tools/replay/http_client.h"

namespace cloudpos::strangers {

struct HttpRequest {
  std::string verb;
  std::string target;
  std::string token;  // empty: no Authorization header
  std::string body;   // JSON; empty: none
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// A filled request as its binding says. A method without one is asked for under the path of the
/// gRPC method, which no gateway must serve.
HttpRequest ToHttp(const Rpc& rpc, const Binding* binding, const Filled& filled);

/// One kept connection, made anew when the gateway ends it. Not thread-safe. Throws when nothing
/// comes back.
class Rest {
 public:
  explicit Rest(replay::HttpAddress gateway);
  ~Rest();

  Answer Send(const HttpRequest& request);
  /// For setting things up: the object of a 2xx answer; throws for any other.
  boost::json::object Call(const std::string& verb, const std::string& target,
                           const std::string& token, const boost::json::object& body = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::strangers
