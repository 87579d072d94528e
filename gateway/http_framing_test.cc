// Framing where tables do not reach (they are in tests/framing): every control byte everywhere, and
// mutated requests held against another parser.

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <random>

#include "gateway/http_server.h"
#include "gateway/problem.h"
#include "gateway/testdata/http_client.h"

namespace cloudpos::gateway {
namespace {

/// Answers what it was asked.
class Mirror : public HttpHandler {
 public:
  size_t BodyBytesMax(const RequestHead&) const override { return 1 << 20; }
  boost::asio::awaitable<HttpResponse> Handle(HttpRequest request) override {
    HttpResponse response;
    response.Set("X-Path", std::string(request.head->path));
    response.body = std::string(request.head->method) + " " + request.body;
    co_return response;
  }
  HttpResponse Refuse(const absl::Status& status, const std::string&) override {
    return MakeProblem(status, "test");
  }
};

struct Fixture {
  Fixture()
      : server({.listen = "127.0.0.1:0", .threads = 1, .limits = {}, .tls = {}, .clock = &clock},
               &mirror) {
    REQUIRE(server.Start().ok());
  }
  base::SystemClock clock;
  Mirror mirror;
  HttpServer server;
};

const std::string kHost = "Host: localhost\r\n";

std::string Get(const std::string& headers, const std::string& target = "/") {
  return "GET " + target + " HTTP/1.1\r\n" + headers + "\r\n";
}
std::string Post(const std::string& headers, const std::string& body) {
  return "POST /x HTTP/1.1\r\n" + kHost + headers + "\r\n" + body;
}
void CheckRefused(Fixture& fixture, const std::string& bytes) {
  HttpClient client(fixture.server.port());
  client.Send(bytes);
  CHECK(client.ReadReply().status == 400);
  CHECK(client.is_closed());
}

TEST_CASE("Framing: every control byte is refused wherever it stands", "[gateway][http]") {
  Fixture fixture;
  for (int byte = 0; byte < 0x20; ++byte) {
    if (byte == '\t' || byte == '\r' || byte == '\n') continue;
    const std::string c(1, static_cast<char>(byte));
    CheckRefused(fixture, "G" + c + "T / HTTP/1.1\r\n" + kHost + "\r\n");
    CheckRefused(fixture, Get(kHost, "/a" + c));
    CheckRefused(fixture, Get(kHost + "A" + c + "B: c\r\n"));
    CheckRefused(fixture, Get(kHost + "A: b" + c + "\r\n"));
  }
}

/// Beast's own parser as second opinion: what we accept it must accept, with the same content.
TEST_CASE("Framing: whatever is accepted means the same to another parser", "[gateway][http]") {
  namespace http = boost::beast::http;
  std::mt19937 random(20260105);
  const std::string seed = Post("Content-Length: 3\r\nX-A: b\r\n", "abc");
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = seed;
    for (int n = static_cast<int>(random() % 3) + 1; n > 0; --n) {
      const size_t at = random() % (bytes.size() - 3);
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1);
          break;
        default:
          bytes.insert(at, 1, " \t\r\n:,;\x0b_"[random() % 10]);
          break;
      }
    }
    const HeadScan scan = ScanHead(bytes, 0, {});
    RequestHead head;
    if (scan.length == 0 || !ParseHead(bytes.substr(0, scan.length), {}, &head).ok()) continue;
    if (head.is_chunked || head.content_length > bytes.size() - scan.length) continue;
    ++accepted;
    http::request_parser<http::string_body> other;
    boost::system::error_code ec;
    other.eager(true);
    other.put(boost::asio::buffer(bytes), ec);
    INFO(bytes);
    REQUIRE((!ec || ec == http::error::need_more));
    REQUIRE(std::string(other.get().method_string()) == head.method);
    REQUIRE(other.get().body() == bytes.substr(scan.length, head.content_length));
    REQUIRE(other.keep_alive() == head.keep_alive);
  }
  CHECK(accepted > 500);
}

}  // namespace
}  // namespace cloudpos::gateway
