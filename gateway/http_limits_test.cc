// Budgets of slow and greedy clients, draining, and TLS towards clients.

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <thread>

#include "gateway/http_server.h"
#include "gateway/problem.h"
#include "gateway/testdata/http_client.h"
#include "gateway/tls_certificates.h"
#include "libs/testing/certificates.h"

namespace cloudpos::gateway {
namespace {

using std::chrono::milliseconds;

constexpr size_t kLarge = 32 << 20;  // more than any socket's buffers hold

/// Waits as long as the path says in milliseconds, then answers; /large at once, and with much.
class Waiter : public HttpHandler {
 public:
  size_t BodyBytesMax(const RequestHead&) const override { return 1 << 20; }
  boost::asio::awaitable<HttpResponse> Handle(HttpRequest request) override {
    ++begun;
    const int pause = std::atoi(std::string(request.head->path.substr(1)).c_str());
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds(pause));
    co_await timer.async_wait(boost::asio::use_awaitable);
    HttpResponse response;
    response.body = request.head->path == "/large" ? std::string(kLarge, 'x') : "done";
    co_return response;
  }
  HttpResponse Refuse(const absl::Status& status, const std::string&) override {
    return MakeProblem(status, "test");
  }
  std::atomic<int> begun{0};
};

struct Fixture {
  explicit Fixture(HttpLimits limits, std::shared_ptr<TlsCertificates> tls = nullptr)
      : server({.listen = "127.0.0.1:0",
                .threads = 2,
                .limits = limits,
                .tls = std::move(tls),
                .clock = &clock},
               &waiter) {
    REQUIRE(server.Start().ok());
  }
  base::SystemClock clock;
  Waiter waiter;
  HttpServer server;
};

const std::string kGet = "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n";

void AwaitBegun(const Fixture& fixture, int requests) {
  for (int i = 0; i < 300 && fixture.waiter.begun < requests; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  REQUIRE(fixture.waiter.begun == requests);
}

int StatusAfter(HttpClient& client, milliseconds patience = milliseconds(3000)) {
  return client.ReadReply(false, patience).status;
}

TEST_CASE("Limits: a head that comes slowly is cut off with 408", "[gateway][http]") {
  HttpLimits limits;
  limits.header_time = milliseconds(200);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send("GET / HTTP/1.1\r\nHo");
  CHECK(StatusAfter(client) == 408);
  CHECK(client.is_closed());
}

TEST_CASE("Limits: a body that comes slowly is cut off with 408", "[gateway][http]") {
  HttpLimits limits;
  limits.body_grace = milliseconds(200);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  client.Send(std::string(100, 'x'));  // buys 100 ms more
  CHECK(StatusAfter(client) == 408);
  CHECK(client.is_closed());
}

TEST_CASE("Limits: a body may take no longer than its time in all", "[gateway][http]") {
  HttpLimits limits;
  limits.body_time = milliseconds(300);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  client.Send(std::string(500000, 'x'));
  CHECK(StatusAfter(client) == 408);
}

TEST_CASE("Limits: bytes that come one by one buy a head no time", "[gateway][http]") {
  HttpLimits limits;
  limits.header_time = milliseconds(1000);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send("GET / HTTP/1.1\r\nX-A: ");
  int sent = 0;
  while (!client.ReadSome(milliseconds(20)) && ++sent < 200) client.Send("a");
  CHECK(sent >= 5);
  CHECK(sent < 200);
  CHECK(StatusAfter(client) == 408);
}

TEST_CASE("Limits: who does not read is cut off", "[gateway][http]") {
  HttpLimits limits;
  limits.write_time = milliseconds(200);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(1500));  // a second of it to read the answer to the end
  CHECK(client.ReadAll().size() < kLarge);
  CHECK(client.was_closed());
}

TEST_CASE("Limits: a connection may live longer than each of its steps", "[gateway][http]") {
  HttpLimits limits;
  limits.header_time = limits.idle_time = limits.write_time = milliseconds(1000);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(milliseconds(250));
    client.Send(kGet);
    REQUIRE(StatusAfter(client) == 200);
  }
}

TEST_CASE("Limits: an idle connection is closed without a word", "[gateway][http]") {
  HttpLimits limits;
  limits.idle_time = milliseconds(200);
  Fixture fixture(limits);
  HttpClient client(fixture.server.port());
  client.Send(kGet);
  CHECK(StatusAfter(client) == 200);
  CHECK(client.is_closed());
  CHECK(client.buffered().empty());
}

TEST_CASE("Limits: so many requests per connection, connections per address", "[gateway][http]") {
  HttpLimits limits;
  limits.requests_per_connection = 2;
  limits.connections_per_ip = 2;
  Fixture fixture(limits);
  {
    HttpClient first(fixture.server.port());
    first.Send(kGet + kGet + kGet);
    CHECK(StatusAfter(first) == 200);
    const HttpReply last = first.ReadReply();
    CHECK(last.Header("Connection") == "close");
    CHECK(first.is_closed());
  }
  HttpClient a(fixture.server.port());
  a.Send(kGet);
  CHECK(StatusAfter(a) == 200);
  // There is room again as soon as the server has seen the end of the first.
  std::optional<HttpClient> b;
  int status = 0;
  for (int i = 0; i < 100 && status != 200; ++i) {
    if (i > 0) std::this_thread::sleep_for(milliseconds(20));
    b.emplace(fixture.server.port());
    b->Send(kGet);
    status = StatusAfter(*b);
  }
  CHECK(status == 200);
  HttpClient c(fixture.server.port());
  c.Send(kGet);
  CHECK(StatusAfter(c) == 0);
}

TEST_CASE("Limits: slow clients do not slow others", "[gateway][http]") {
  HttpLimits limits;
  limits.connections_per_ip = 1000;
  Fixture fixture(limits);
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<HttpClient>(fixture.server.port()));
    slow.back()->Send("GET / HT");
  }
  HttpClient quick(fixture.server.port());
  for (int i = 0; i < 200; ++i) {
    quick.Send(kGet);
    REQUIRE(StatusAfter(quick) == 200);
  }
}

TEST_CASE("Drain: requests in flight end, idle connections go, new ones do not come",
          "[gateway][http]") {
  Fixture fixture({});
  HttpClient busy(fixture.server.port());
  HttpClient idle(fixture.server.port());
  idle.Send(kGet);
  CHECK(StatusAfter(idle) == 200);
  busy.Send("GET /400 HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitBegun(fixture, 2);
  const int port = fixture.server.port();
  std::thread stopping([&fixture] { fixture.server.Stop(milliseconds(5000)); });
  const HttpReply reply = busy.ReadReply();
  CHECK(reply.status == 200);
  CHECK(reply.Header("Connection") == "close");
  CHECK(idle.is_closed());
  stopping.join();
  CHECK_THROWS(HttpClient(port));
}

TEST_CASE("Drain: what does not end in time is cut off", "[gateway][http]") {
  Fixture fixture({});
  HttpClient busy(fixture.server.port());
  busy.Send("GET /60000 HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitBegun(fixture, 1);
  const auto begin = std::chrono::steady_clock::now();
  fixture.server.Stop(milliseconds(200));
  CHECK(std::chrono::steady_clock::now() - begin < milliseconds(20000));
}

namespace ssl = boost::asio::ssl;

struct TlsReply {
  std::string protocol;
  std::string serial;
  std::string body;
};

/// One request over TLS; nullopt when the handshake fails.
std::optional<TlsReply> GetOverTls(int port, int max_version = TLS1_3_VERSION) {
  boost::asio::io_context io;
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_max_proto_version(context.native_handle(), max_version);
  SSL_CTX_set_cipher_list(context.native_handle(), "ALL:@SECLEVEL=0");
  ssl::stream<boost::asio::ip::tcp::socket> stream(io, context);
  stream.next_layer().connect(
      {boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  boost::system::error_code ec;
  stream.handshake(ssl::stream_base::client, ec);
  if (ec) return std::nullopt;
  TlsReply reply;
  reply.protocol = SSL_get_version(stream.native_handle());
  X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  char* text = BN_bn2hex(number);
  reply.serial = text;
  OPENSSL_free(text);
  BN_free(number);
  X509_free(certificate);
  boost::asio::write(stream, boost::asio::buffer(kGet), ec);
  char buffer[4096];
  const size_t n = stream.read_some(boost::asio::buffer(buffer), ec);
  reply.body.assign(buffer, n);
  return reply;
}

TEST_CASE("TLS: 1.2 and 1.3, nothing older, and a renewed certificate is taken up",
          "[gateway][http]") {
  testing::CertificateAuthority authority;
  base::FakeClock clock;
  const auto files = authority.Issue("gateway");
  auto tls = TlsCertificates::Load(files.certificate, files.key, clock);
  REQUIRE(tls.ok());
  Fixture fixture({}, *tls);
  const auto newest = GetOverTls(fixture.server.port());
  REQUIRE(newest);
  CHECK(newest->protocol == "TLSv1.3");
  CHECK(newest->body.find("HTTP/1.1 200 OK") == 0);
  const auto older = GetOverTls(fixture.server.port(), TLS1_2_VERSION);
  REQUIRE(older);
  CHECK(older->protocol == "TLSv1.2");
  CHECK_FALSE(GetOverTls(fixture.server.port(), TLS1_1_VERSION));

  authority.Issue("gateway");
  std::filesystem::last_write_time(
      files.certificate, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  clock.Advance(absl::Seconds(6));
  const auto renewed = GetOverTls(fixture.server.port());
  REQUIRE(renewed);
  CHECK(renewed->serial != newest->serial);

  // A key that belongs to another certificate: the one in use stays.
  std::filesystem::copy_file(authority.Issue("other").key, files.key,
                             std::filesystem::copy_options::overwrite_existing);
  clock.Advance(absl::Seconds(6));
  const auto kept = GetOverTls(fixture.server.port());
  REQUIRE(kept);
  CHECK(kept->serial == renewed->serial);
}

}  // namespace
}  // namespace cloudpos::gateway
