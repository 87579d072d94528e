#pragma once

// What the HTTP server hands to the gateway and takes back. Knows no sockets.

#include <absl/status/status.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudpos::gateway {

struct Header {
  std::string_view name;  // lower case
  std::string_view value;
};

/// A request's head, already found well-formed (http_head.h). Views point into `block`.
struct RequestHead {
  std::string block;
  std::string_view method;
  std::string_view target;  // path and query, as sent
  std::string_view path;    // raw, begins with '/'
  std::string_view query;   // raw, without '?'
  std::string_view host;
  int version_minor = 1;
  std::vector<Header> headers;
  uint64_t content_length = 0;
  bool is_chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  RequestHead() = default;
  RequestHead(const RequestHead&) = delete;  // the views
  RequestHead& operator=(const RequestHead&) = delete;

  /// Empty when absent.
  std::string_view Find(std::string_view name) const {
    for (const Header& header : headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
  bool HasBody() const { return is_chunked || content_length > 0; }
};

struct HttpRequest {
  std::shared_ptr<const RequestHead> head;
  std::string body;
  std::string peer_ip;
  bool is_tls = false;
};

/// A body that comes in pieces, for as long as it lasts.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; nullopt at the end.
  virtual boost::asio::awaitable<std::optional<std::string>> Next() = 0;
  /// After the end: the body is not whole, so the connection must break instead of ending it well.
  virtual bool has_failed() const { return false; }
  /// It has no end of its own: a server that drains need not wait for it.
  virtual bool is_endless() const { return false; }
  /// Nobody reads any more, or nobody should: ends soon.
  virtual void Abandon() = 0;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of `body`
  std::shared_ptr<BodySource> stream;              // instead of both
  bool close = false;

  void Set(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
  }
  const std::string* Find(std::string_view name) const {
    for (const auto& header : headers) {
      if (header.first == name) return &header.second;
    }
    return nullptr;
  }
  const std::string& content() const { return shared_body != nullptr ? *shared_body : body; }
};

/// Answers requests. Called from several threads at once.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// How large the body of this request may be.
  virtual size_t BodyBytesMax(const RequestHead& head) const = 0;
  virtual boost::asio::awaitable<HttpResponse> Handle(HttpRequest request) = 0;
  /// The answer to bytes that were no request; the connection closes after it.
  virtual HttpResponse Refuse(const absl::Status& status, const std::string& peer_ip) = 0;
  /// The time to drain is over: whatever still waits for something gives up.
  virtual void Abandon() {}
};

}  // namespace cloudpos::gateway
