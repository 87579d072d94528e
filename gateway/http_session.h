#pragma once

// One connection. A template over the stream (plain or TLS); included by http_server.cc alone.

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <array>
#include <optional>

#include "gateway/http_chunked.h"
#include "gateway/http_head.h"
#include "gateway/http_server.h"
#include "gateway/watchdog.h"
#include "libs/base/error.h"

namespace cloudpos::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;

inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// What all connections share.
struct SessionEnvironment {
  HttpHandler* handler;
  const HttpLimits* limits;
  const base::Clock* clock;
  std::atomic<bool> draining{false};
};

/// The part of a connection that its thread's table sees.
class SessionBase {
 public:
  virtual ~SessionBase() = default;
  virtual void CloseIfIdle() = 0;
  virtual void CloseNow() = 0;
};

/// The head of a response as bytes.
std::string FormatHead(const HttpResponse& response, const RequestHead* request, bool keep_alive,
                       absl::Time now);

template <typename Stream>
class Session : public SessionBase {
 public:
  Session(Stream stream, SessionEnvironment& environment, std::string peer_ip)
      : stream_(std::move(stream)),
        env_(environment),
        peer_ip_(std::move(peer_ip)),
        watchdog_(Lowest().get_executor(), [this] { Lowest().cancel(); }) {}

  static constexpr bool kIsTls = !std::is_same_v<Stream, beast::tcp_stream>;

  asio::awaitable<void> Run() {
    if constexpr (kIsTls) {
      watchdog_.Allow(env_.limits->header_time);
      auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kTuple);
      if (ec) co_return;
    }
    for (int served = 1;; ++served) {
      is_last_ = served >= env_.limits->requests_per_connection;
      if (!co_await ServeOne()) break;
    }
    co_await Close();
  }

  void CloseIfIdle() override {
    if (is_idle_) Lowest().cancel();
    if (body_source_ != nullptr && body_source_->is_endless()) body_source_->Abandon();
  }
  void CloseNow() override {
    if (body_source_ != nullptr) body_source_->Abandon();
    Lowest().close();
  }

 private:
  using Clock = Watchdog::Clock;

  beast::tcp_stream& Lowest() { return beast::get_lowest_layer(stream_); }

  /// Adds what has arrived to `in_`; false at the end of the connection or of the time allowed.
  asio::awaitable<bool> ReadSome() {
    auto [ec, n] =
        co_await stream_.async_read_some(asio::buffer(chunk_, env_.limits->read_bytes), kTuple);
    if (ec) co_return false;
    in_.append(chunk_.data(), n);
    co_return true;
  }

  /// False: the connection is done with.
  asio::awaitable<bool> ServeOne() {
    auto head = std::make_shared<RequestHead>();
    absl::Status status;
    if (!co_await ReadHead(head.get(), &status)) co_return false;
    if (!status.ok()) co_return co_await Refuse(status);
    HttpRequest request{.head = head, .body = {}, .peer_ip = peer_ip_, .is_tls = kIsTls};
    if (!co_await ReadBody(*head, &request.body, &status)) co_return false;
    if (!status.ok()) co_return co_await Refuse(status);
    watchdog_.AllowAnyTime();
    HttpResponse response = co_await env_.handler->Handle(std::move(request));
    const bool keep_alive =
        head->keep_alive && !response.close && !is_last_ && !env_.draining.load();
    if (!co_await Write(response, head.get(), keep_alive)) co_return false;
    co_return keep_alive;
  }

  asio::awaitable<bool> Refuse(const absl::Status& status) {
    HttpResponse response = env_.handler->Refuse(status, peer_ip_);
    co_await Write(response, nullptr, false);
    co_return false;
  }

  asio::awaitable<bool> ReadHead(RequestHead* head, absl::Status* status) {
    HeadScan scan;
    size_t checked = 0;
    if (in_.empty()) {
      is_idle_ = true;
      if (env_.draining.load()) co_return false;
      watchdog_.Allow(env_.limits->idle_time);
      const bool is_open = co_await ReadSome();
      is_idle_ = false;
      if (!is_open) co_return false;
    }
    const auto deadline = Clock::now() + env_.limits->header_time;
    for (;;) {
      scan = ScanHead(in_, checked, env_.limits->head);
      if (scan.length > 0 || !scan.status.ok()) break;
      checked = in_.size();
      watchdog_.AllowUntil(deadline);
      if (co_await ReadSome()) continue;
      if (!watchdog_.has_barked()) co_return false;
      scan.status = base::Fail(common::v1::REQUEST_TIMEOUT, "The head did not arrive in time.");
      break;
    }
    *status = scan.status;
    if (!status->ok()) co_return true;
    *status = ParseHead(in_.substr(0, scan.length), env_.limits->head, head);
    in_.erase(0, scan.length);
    co_return true;
  }

  asio::awaitable<bool> ReadBody(const RequestHead& head, std::string* body, absl::Status* status) {
    if (!head.HasBody()) co_return true;
    const size_t body_max = env_.handler->BodyBytesMax(head);
    if (head.content_length > body_max) {
      *status = base::Fail(common::v1::BODY_TOO_LARGE, "The body is larger than allowed here.");
      co_return true;
    }
    if (head.expects_continue && in_.empty()) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      watchdog_.Allow(env_.limits->write_time);
      auto [ec, n] = co_await asio::async_write(stream_, asio::buffer(kContinue), kTuple);
      if (ec) co_return false;
    }
    const auto begin = Clock::now();
    const auto deadline = begin + env_.limits->body_time;
    ChunkedDecoder decoder(body_max);
    size_t arrived = in_.size();
    for (;;) {
      *status = TakeBody(head, &decoder, body);
      if (!status->ok() || IsBodyComplete(head, decoder, *body)) co_return true;
      const size_t before = in_.size();
      watchdog_.AllowUntil(std::min(deadline, SlowestArrival(begin, arrived)));
      if (!co_await ReadSome()) {
        if (!watchdog_.has_barked()) co_return false;
        *status = base::Fail(common::v1::REQUEST_TIMEOUT, "The body did not arrive in time.");
        co_return true;
      }
      arrived += in_.size() - before;
    }
  }

  /// When the next byte must be there, so that the whole comes at the lowest rate allowed.
  Clock::time_point SlowestArrival(Clock::time_point begin, size_t arrived) const {
    const auto earned = std::chrono::milliseconds(arrived * 1000 / env_.limits->body_rate);
    return begin + env_.limits->body_grace + earned;
  }

  absl::Status TakeBody(const RequestHead& head, ChunkedDecoder* decoder, std::string* body) {
    size_t used = 0;
    absl::Status status;
    if (head.is_chunked) {
      status = decoder->Feed(in_, body, &used);
    } else {
      used = std::min<size_t>(in_.size(), head.content_length - body->size());
      body->append(in_, 0, used);
    }
    in_.erase(0, used);
    return status;
  }

  static bool IsBodyComplete(const RequestHead& head, const ChunkedDecoder& decoder,
                             const std::string& body) {
    return head.is_chunked ? decoder.done() : body.size() == head.content_length;
  }

  asio::awaitable<bool> Write(const HttpResponse& response, const RequestHead* request,
                              bool keep_alive) {
    const std::string head = FormatHead(response, request, keep_alive, env_.clock->Now());
    const bool has_body = request == nullptr || request->method != "HEAD";
    if (response.stream != nullptr) {
      const bool is_chunked = request != nullptr && request->version_minor == 1;
      if (!co_await WriteBytes(head)) co_return false;
      co_return co_await WriteStream(response, is_chunked);
    }
    const std::string& content = response.content();
    constexpr size_t kSlice = 64 * 1024;
    const size_t first = has_body ? std::min(content.size(), kSlice) : 0;
    watchdog_.Allow(env_.limits->write_time);
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head),
                                                       asio::buffer(content.data(), first)};
    auto [ec, n] = co_await asio::async_write(stream_, buffers, kTuple);
    if (ec) co_return false;
    for (size_t at = first; has_body && at < content.size(); at += kSlice) {
      const std::string_view slice(content.data() + at, std::min(kSlice, content.size() - at));
      if (!co_await WriteBytes(slice)) co_return false;
    }
    co_return true;
  }

  asio::awaitable<bool> WriteBytes(std::string_view bytes) {
    watchdog_.Allow(env_.limits->write_time);
    auto [ec, n] =
        co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), kTuple);
    co_return !ec;
  }

  asio::awaitable<bool> WriteStream(const HttpResponse& response, bool is_chunked) {
    body_source_ = response.stream;
    if (env_.draining.load() && body_source_->is_endless()) body_source_->Abandon();
    bool is_open = true;
    while (is_open) {
      watchdog_.AllowAnyTime();
      const std::optional<std::string> piece = co_await response.stream->Next();
      if (!piece) break;
      if (piece->empty()) continue;
      if (!is_chunked) {
        is_open = co_await WriteBytes(*piece);
        continue;
      }
      std::array<char, 20> size;
      const int n = std::snprintf(size.data(), size.size(), "%zx\r\n", piece->size());
      const std::string chunk = std::string(size.data(), static_cast<size_t>(n)) + *piece + "\r\n";
      is_open = co_await WriteBytes(chunk);
    }
    body_source_->Abandon();
    is_open = is_open && !body_source_->has_failed();
    body_source_ = nullptr;
    if (is_open && is_chunked) is_open = co_await WriteBytes("0\r\n\r\n");
    co_return is_open&& is_chunked;
  }

  /// Lets the client read our last answer: without reading what it still sends, the kernel would
  /// reset the connection and the answer with it.
  asio::awaitable<void> Close() {
    watchdog_.Allow(std::chrono::seconds(1));
    if constexpr (kIsTls) {
      auto [ec] = co_await stream_.async_shutdown(kTuple);
    } else {
      boost::system::error_code ec;
      Lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
      for (size_t total = 0; total < 256 * 1024;) {
        auto [read_ec, n] = co_await stream_.async_read_some(asio::buffer(chunk_), kTuple);
        if (read_ec) break;
        total += n;
      }
    }
  }

  Stream stream_;
  SessionEnvironment& env_;
  std::string peer_ip_;
  Watchdog watchdog_;
  std::string in_;
  std::array<char, 16 * 1024> chunk_;
  std::shared_ptr<BodySource> body_source_;
  bool is_idle_ = false;
  bool is_last_ = false;
};

}  // namespace cloudpos::gateway
