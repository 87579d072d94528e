#include "tools/replay/http_client.h"

#include <charconv>
#include <functional>
#include <utility>

#include "boost/asio/connect.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/core/tcp_stream.hpp"
#include "boost/beast/http.hpp"

namespace cloudpos::replay {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr uint64_t kBodyMax = 64 << 20;

std::optional<std::chrono::seconds> RetryAfter(beast::string_view text) {
  int seconds = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || at != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

absl::StatusOr<HttpAddress> ParseAddress(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  std::string rest = url.starts_with(kScheme) ? url.substr(kScheme.size()) : std::string();
  if (rest.ends_with('/')) rest.pop_back();
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && colon >= rest.rfind(']') + 1;
  if (rest.empty() || rest.find('/') != std::string::npos) {
    return absl::InvalidArgumentError("the gateway's URL must be like http://127.0.0.1:8080");
  }
  HttpAddress address{.host = has_port ? rest.substr(0, colon) : rest,
                      .port = has_port ? rest.substr(colon + 1) : "80"};
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty() || address.port.empty()) {
    return absl::InvalidArgumentError("the gateway's URL must be like http://127.0.0.1:8080");
  }
  return address;
}

struct HttpClient::Impl {
  Impl(HttpAddress a, std::chrono::seconds p) : address(std::move(a)), patience(p), stream(io) {}

  /// Runs what was started on `io` to its end; Beast's own timer ends it when it takes too long.
  using Done = std::function<void(beast::error_code)>;
  beast::error_code Await(const std::function<void(Done)>& start) {
    beast::error_code result;
    stream.expires_after(patience);
    start([&result](beast::error_code error) { result = error; });
    io.restart();
    io.run();
    return result;
  }

  beast::error_code Connect();
  beast::error_code Exchange(const HttpCall& call, HttpAnswer* answer);

  const HttpAddress address;
  const std::chrono::seconds patience;
  asio::io_context io;
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool is_connected = false;
};

beast::error_code HttpClient::Impl::Connect() {
  stream.close();
  buffer.clear();
  asio::ip::tcp::resolver resolver(io);
  beast::error_code error;
  const auto endpoints = resolver.resolve(address.host, address.port, error);
  if (error) return error;
  error = Await([&](auto done) {
    stream.async_connect(endpoints,
                         [done](beast::error_code e, const asio::ip::tcp::endpoint&) { done(e); });
  });
  is_connected = !error;
  if (is_connected) stream.socket().set_option(asio::ip::tcp::no_delay(true), error);
  return error;
}

beast::error_code HttpClient::Impl::Exchange(const HttpCall& call, HttpAnswer* answer) {
  http::request<http::string_body> request(http::string_to_verb(call.method), call.target, 11);
  request.set(http::field::host, address.host + ":" + address.port);
  if (!call.token.empty()) request.set(http::field::authorization, "Bearer " + call.token);
  request.set(http::field::accept, "application/json");
  if (!call.body.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = call.body;
  }
  request.prepare_payload();
  beast::error_code error = Await([&](auto done) {
    http::async_write(stream, request, [done](beast::error_code e, size_t) { done(e); });
  });
  if (error) return error;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyMax);
  error = Await([&](auto done) {
    http::async_read(stream, buffer, parser, [done](beast::error_code e, size_t) { done(e); });
  });
  if (error) return error;
  auto response = parser.release();
  if (!response.keep_alive()) is_connected = false;
  answer->status = static_cast<int>(response.result_int());
  answer->retry_after = RetryAfter(response[http::field::retry_after]);
  answer->body = std::move(response.body());
  return {};
}

HttpClient::HttpClient(HttpAddress address, std::chrono::seconds patience)
    : impl_(std::make_unique<Impl>(std::move(address), patience)) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<HttpAnswer> HttpClient::Send(const HttpCall& call) {
  HttpAnswer answer;
  beast::error_code error;
  if (!impl_->is_connected) error = impl_->Connect();
  if (!error) error = impl_->Exchange(call, &answer);
  if (!error) return answer;
  impl_->is_connected = false;
  return absl::UnavailableError(impl_->address.host + ":" + impl_->address.port + ": " +
                                error.message());
}

}  // namespace cloudpos::replay
