#include "gateway/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "gateway/http_session.h"
#include "gateway/tls_certificates.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::gateway {
namespace {

using asio::ip::tcp;

/// What the kernel takes from us beyond what the client's window lets it send. Without it, it takes
/// megabytes of answers to a client that reads none.
using NotSentMax = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
constexpr int kNotSentMax = 64 * 1024;

/// Connections by address (IPv6: by /64, which is what one household has).
class ConnectionCount {
 public:
  bool Add(const std::string& key, int max_per_key, int max) {
    const std::lock_guard lock(mutex_);
    if (total_ >= max) return false;
    int& count = counts_[key];
    if (count >= max_per_key) return false;
    ++count;
    ++total_;
    return true;
  }
  void Remove(const std::string& key) {
    const std::lock_guard lock(mutex_);
    --total_;
    const auto found = counts_.find(key);
    if (--found->second == 0) counts_.erase(found);
    if (total_ == 0) empty_.notify_all();
  }
  bool WaitUntilEmpty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, time, [this] { return total_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  std::unordered_map<std::string, int> counts_;
  int total_ = 0;
};

/// A thread with its io_context and its connections.
struct Worker {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::unordered_set<SessionBase*> sessions;
  std::thread thread;
};

std::string CountingKey(const asio::ip::address& address) {
  if (!address.is_v6() || address.to_v6().is_v4_mapped()) return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), 8);
}

asio::ip::address Unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions o, HttpHandler* h) : options(std::move(o)), acceptor(nullptr) {
    environment.handler = h;
    environment.limits = &options.limits;
    environment.clock = options.clock;
  }

  absl::Status Listen();
  asio::awaitable<void> Accept();
  void Serve(Worker& worker, tcp::socket socket);
  template <typename Stream>
  asio::awaitable<void> RunSession(Worker& worker, Stream stream, std::string ip, std::string key);

  HttpServerOptions options;
  SessionEnvironment environment;
  ConnectionCount count;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<tcp::acceptor> acceptor;
  prometheus::Gauge& open =
      metrics::Gauge("cloudpos_gateway_connections", "Open client connections");
  prometheus::Counter& refused = metrics::Counter("cloudpos_gateway_connections_refused_total",
                                                  "Connections refused by a limit");
};

absl::Status HttpServer::Impl::Listen() {
  const auto [host, port] = SplitHostPort(options.listen);
  if (host.empty()) {
    return absl::InvalidArgumentError("not host:port: " + options.listen);
  }
  for (int i = 0; i < std::max(1, options.threads); ++i)
    workers.push_back(std::make_unique<Worker>());
  boost::system::error_code ec;
  tcp::resolver resolver(workers[0]->io);
  const auto found = resolver.resolve(host, port, tcp::resolver::passive, ec);
  if (ec || found.empty()) return absl::FailedPreconditionError("cannot resolve " + options.listen);
  acceptor = std::make_unique<tcp::acceptor>(workers[0]->io);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor->open(endpoint.protocol(), ec);
  acceptor->set_option(asio::socket_base::reuse_address(true), ec);
  acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(1024, ec);
  if (ec) {
    return absl::FailedPreconditionError("cannot listen on " + options.listen + ": " +
                                         ec.message());
  }
  return absl::OkStatus();
}

asio::awaitable<void> HttpServer::Impl::Accept() {
  for (size_t next = 0; acceptor->is_open(); next = (next + 1) % workers.size()) {
    Worker& worker = *workers[next];
    auto [ec, socket] = co_await acceptor->async_accept(worker.io, kTuple);
    if (ec == asio::error::operation_aborted || !acceptor->is_open()) co_return;
    if (ec) {
      // Out of descriptors, say: wait for some to come back instead of spinning.
      asio::steady_timer pause(workers[0]->io, std::chrono::milliseconds(100));
      co_await pause.async_wait(kTuple);
      continue;
    }
    asio::post(worker.io,
               [this, &worker, s = std::move(socket)]() mutable { Serve(worker, std::move(s)); });
  }
}

void HttpServer::Impl::Serve(Worker& worker, tcp::socket socket) {
  boost::system::error_code ec;
  const tcp::endpoint peer = socket.remote_endpoint(ec);
  if (ec) return;
  socket.set_option(tcp::no_delay(true), ec);
  socket.set_option(NotSentMax(kNotSentMax), ec);
  const std::string key = CountingKey(peer.address());
  if (!count.Add(key, options.limits.connections_per_ip, options.limits.connections)) {
    refused.Increment();
    return;
  }
  std::string ip = Unmapped(peer.address()).to_string();
  beast::tcp_stream stream(std::move(socket));
  if (options.tls == nullptr) {
    asio::co_spawn(worker.io, RunSession(worker, std::move(stream), std::move(ip), key),
                   asio::detached);
    return;
  }
  const auto context = options.tls->Current();
  beast::ssl_stream<beast::tcp_stream> secure(std::move(stream), *context);
  asio::co_spawn(worker.io, RunSession(worker, std::move(secure), std::move(ip), key),
                 asio::detached);
}

template <typename Stream>
asio::awaitable<void> HttpServer::Impl::RunSession(Worker& worker, Stream stream, std::string ip,
                                                   std::string key) {
  open.Increment();
  {
    auto session = std::make_unique<Session<Stream>>(std::move(stream), environment, std::move(ip));
    worker.sessions.insert(session.get());
    try {
      co_await session->Run();
    } catch (const std::exception& e) {
      log::Error("connection failed", {{"cause", e.what()}});
    }
    worker.sessions.erase(session.get());
  }
  open.Decrement();
  count.Remove(key);
}

HttpServer::HttpServer(HttpServerOptions options, HttpHandler* handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}

HttpServer::~HttpServer() { Stop(std::chrono::milliseconds(0)); }

absl::Status HttpServer::Start() {
  const absl::Status status = impl_->Listen();
  if (!status.ok()) return status;
  asio::co_spawn(impl_->workers[0]->io, impl_->Accept(), asio::detached);
  for (const auto& worker : impl_->workers) {
    worker->thread = std::thread([&io = worker->io] { io.run(); });
  }
  return absl::OkStatus();
}

int HttpServer::port() const { return impl_->acceptor->local_endpoint().port(); }

void HttpServer::Stop(std::chrono::milliseconds drain) {
  if (impl_->workers.empty() || !impl_->workers[0]->thread.joinable()) return;
  impl_->environment.draining.store(true);
  asio::post(impl_->workers[0]->io, [this] { impl_->acceptor->close(); });
  for (const auto& worker : impl_->workers) {
    asio::post(worker->io, [w = worker.get()] {
      for (SessionBase* session : w->sessions) session->CloseIfIdle();
    });
  }
  if (!impl_->count.WaitUntilEmpty(drain)) {
    for (const auto& worker : impl_->workers) {
      asio::post(worker->io, [w = worker.get()] {
        for (SessionBase* session : w->sessions) session->CloseNow();
      });
    }
    impl_->environment.handler->Abandon();
    impl_->count.WaitUntilEmpty(std::chrono::milliseconds(2000));
  }
  for (const auto& worker : impl_->workers) {
    worker->work.reset();
    worker->io.stop();
    worker->thread.join();
  }
}

std::string FormatHead(const HttpResponse& response, const RequestHead* request, bool keep_alive,
                       absl::Time now) {
  const auto reason = beast::http::obsolete_reason(
      beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head;
  head.reserve(1024);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).push_back(' ');
  head.append(reason.data(), reason.size()).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  thread_local int64_t date_second = 0;
  thread_local std::string date;
  if (const int64_t second = absl::ToUnixSeconds(now); second != date_second) {
    date_second = second;
    date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  head.append("Date: ").append(date).append("\r\n");
  const bool has_no_body = response.status == 204 || response.status == 304;
  if (response.stream != nullptr) {
    if (request != nullptr && request->version_minor == 1)
      head.append("Transfer-Encoding: chunked\r\n");
  } else if (!has_no_body) {
    head.append("Content-Length: ")
        .append(std::to_string(response.content().size()))
        .append("\r\n");
  }
  if (!keep_alive) {
    head.append("Connection: close\r\n");
  } else if (request != nullptr && request->version_minor == 0) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
  return head;
}

std::pair<std::string, std::string> SplitHostPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == address.npos || colon + 1 == address.size()) return {};
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  return !ec && Unmapped(address).is_loopback();
}

}  // namespace cloudpos::gateway
