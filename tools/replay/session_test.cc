// Calls against a gateway that misbehaves.

#include "tools/replay/session.h"

#include <atomic>
#include <thread>

#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http.hpp"
#include "catch2/catch.hpp"
#include "libs/base/clock.h"

namespace cloudpos::replay {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// What the next request is answered; status 0 closes the connection without an answer.
struct Step {
  int status = 200;
  const char* body = "{}";
  const char* retry_after = nullptr;
};

/// Serves one connection at a time on a thread of its own, by a script that repeats its last step.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Step> steps)
      : steps_(std::move(steps)), acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}) {
    thread_ = std::thread([this] { Run(); });
  }
  ~ScriptedServer() {
    is_stopping_ = true;
    tcp::socket wake(io_);
    boost::system::error_code ignored;
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  HttpAddress address() const {
    return {"127.0.0.1", std::to_string(acceptor_.local_endpoint().port())};
  }
  std::vector<std::string> tokens() const { return tokens_; }
  int connections() const { return connections_; }

 private:
  void Run() {
    while (!is_stopping_) {
      tcp::socket socket(io_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || is_stopping_) return;
      ++connections_;
      boost::beast::flat_buffer buffer;
      while (ServeOne(socket, buffer)) {
      }
    }
  }

  bool ServeOne(tcp::socket& socket, boost::beast::flat_buffer& buffer) {
    http::request<http::string_body> request;
    boost::system::error_code error;
    http::read(socket, buffer, request, error);
    if (error) return false;
    tokens_.emplace_back(request[http::field::authorization]);
    const Step step = steps_[std::min(served_++, steps_.size() - 1)];
    if (step.status == 0) return false;
    http::response<http::string_body> response(http::int_to_status(
                                                   static_cast<unsigned>(step.status)), 11);
    if (step.retry_after != nullptr) response.set(http::field::retry_after, step.retry_after);
    response.body() = step.body;
    response.prepare_payload();
    http::write(socket, response, error);
    return !error;
  }

  const std::vector<Step> steps_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> connections_{0};
  std::vector<std::string> tokens_;
  size_t served_ = 0;
};

struct Fixture {
  explicit Fixture(const std::vector<Step>& steps)
      : server(steps),
        session({.gateway = server.address(),
                 .new_token = [this]() -> absl::StatusOr<Token> {
                   return Token{"t" + std::to_string(++tokens),
                                base::SystemClock().Now() + life};
                 },
                 .patience = std::chrono::milliseconds(3000),
                 .backoff_min = std::chrono::milliseconds(5)}) {}
  Fixture(const Fixture&) = delete;

  absl::Duration life = absl::Minutes(10);
  int tokens = 0;
  ScriptedServer server;
  Session session;
};

TEST_CASE("Session: one connection and one token serve many calls", "[replay]") {
  Fixture f(std::vector<Step>{{200, "{\"a\":1}"}});
  for (int i = 0; i < 5; ++i) {
    const auto answer = f.session.Post("/v1/sales", {{"x", i}});
    REQUIRE(answer.ok());
    CHECK(answer->at("a").as_int64() == 1);
  }
  CHECK(f.server.connections() == 1);
  CHECK(f.tokens == 1);
  CHECK(f.server.tokens().front() == "Bearer t1");
}

TEST_CASE("Session: faults of the moment and lost connections are tried again", "[replay]") {
  Fixture f({{503}, {0}, {504}, {200, "{\"ok\":true}"}});
  REQUIRE(f.session.Get("/").ok());
  CHECK(f.server.connections() == 2);
}

TEST_CASE("Session: a slower pace is kept as long as asked", "[replay]") {
  Fixture f({{429, "{}", "1"}, {200}});
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(f.session.Get("/").ok());
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(950));
  CHECK(f.session.throttled() == 1);
}

TEST_CASE("Session: a token that is refused is renewed once", "[replay]") {
  Fixture once({{401}, {200}});
  REQUIRE(once.session.Get("/").ok());
  CHECK(once.server.tokens() == std::vector<std::string>{"Bearer t1", "Bearer t2"});
  Fixture always(std::vector<Step>{{401, "{\"code\":\"TOKEN_INVALID\",\"detail\":\"no\"}"}});
  const auto answer = always.session.Get("/");
  CHECK(absl::IsFailedPrecondition(answer.status()));
  CHECK(always.tokens == 2);
}

TEST_CASE("Session: a token near its end is renewed before it is used", "[replay]") {
  Fixture f(std::vector<Step>{{200}});
  f.life = absl::Seconds(30);
  REQUIRE(f.session.Get("/").ok());
  REQUIRE(f.session.Get("/").ok());
  CHECK(f.tokens == 2);
}

TEST_CASE("Session: a refusal is told with its code and fields, and not repeated", "[replay]") {
  Fixture f(std::vector<Step>{{422, "{\"code\":\"IDEMPOTENCY_MISMATCH\",\"detail\":\"another request\","
                   "\"errors\":[{\"field\":\"saleId\"}]}"}});
  const auto answer = f.session.Post("/v1/sales", {});
  const std::string text(answer.status().message());
  CHECK(text.find("422 IDEMPOTENCY_MISMATCH: another request") != std::string::npos);
  CHECK(text.find("saleId") != std::string::npos);
  CHECK(f.server.tokens().size() == 1);
}

TEST_CASE("Session: patience ends", "[replay]") {
  Fixture f(std::vector<Step>{{503}});
  const auto answer = f.session.Get("/");
  CHECK(absl::IsUnavailable(answer.status()));
  CHECK(f.server.tokens().size() > 3);
}

TEST_CASE("RunAll: every job once, and the first error ends it", "[replay]") {
  std::atomic<int> sum{0};
  CHECK(RunAll(100, 4, [&](size_t i) {
          sum += static_cast<int>(i);
          return absl::OkStatus();
        }).ok());
  CHECK(sum == 4950);
  std::atomic<int> ran{0};
  const absl::Status status = RunAll(1000, 2, [&](size_t i) {
    ++ran;
    return i == 3 ? absl::InternalError("three") : absl::OkStatus();
  });
  CHECK(status.message() == "three");
  CHECK(ran < 1000);
  CHECK(RunAll(0, 4, [](size_t) { return absl::InternalError(""); }).ok());
}

TEST_CASE("ParseAddress: plain http with host and port", "[replay]") {
  CHECK(ParseAddress("http://127.0.0.1:8080")->port == "8080");
  CHECK(ParseAddress("http://localhost/")->port == "80");
  CHECK(ParseAddress("http://[::1]:81")->host == "::1");
  for (const char* bad : {"", "localhost:1", "https://x:1", "http://", "http://x/y", "http://:1"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseAddress(bad).ok());
  }
}

}  // namespace
}  // namespace cloudpos::replay
