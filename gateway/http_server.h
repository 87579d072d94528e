#pragma once

// HTTP/1.1 server: one io_context per thread, a coroutine per connection, strict framing
// (http_head.h), limits and slow-client budgets. Answers pipelined
// requests in order.

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gateway/http_head.h"
#include "gateway/http_message.h"
#include "libs/base/clock.h"

namespace cloudpos::gateway {

class TlsCertificates;

struct HttpLimits {
  HeadLimits head;
  std::chrono::milliseconds header_time{5000};
  std::chrono::milliseconds body_time{15000};
  /// A body may come slower than `body_rate` only for the first `body_grace`.
  size_t body_rate = 1024;  // bytes per second
  std::chrono::milliseconds body_grace{3000};
  std::chrono::milliseconds idle_time{60000};
  std::chrono::milliseconds write_time{15000};  // for each 64 KiB
  size_t read_bytes = 16 * 1024;                // at a time; tests take few
  int requests_per_connection = 1000;
  int connections_per_ip = 256;
  int connections = 10000;
};

struct HttpServerOptions {
  std::string listen;  // host:port; port 0 = any
  int threads = 2;
  HttpLimits limits;
  std::shared_ptr<TlsCertificates> tls;  // nullptr: plain
  const base::Clock* clock = nullptr;
};

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, HttpHandler* handler);
  ~HttpServer();

  /// FAILED_PRECONDITION when the address cannot be bound.
  absl::Status Start();
  int port() const;
  /// Takes no new connections, lets requests in flight end for at most `drain`, then cuts off.
  void Stop(std::chrono::milliseconds drain);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// "127.0.0.1:8080" and "[::1]:8080", split; empty host when malformed.
std::pair<std::string, std::string> SplitHostPort(const std::string& address);
bool IsLoopback(const std::string& host);

}  // namespace cloudpos::gateway
