// The framing corpus (cases/*.txt) against real listening servers: the HTTP server with a handler
// that says what it understood, in pieces of several sizes, and the whole gateway.

#include <atomic>
#include <catch2/catch.hpp>
#include <set>

#include "gateway/http_server.h"
#include "gateway/problem.h"
#include "gateway/testdata/http_client.h"
#include "gateway/testdata/world.h"
#include "libs/log/log.h"
#include "tests/framing/case.h"

namespace cloudpos::framing {
namespace {

using gateway::HttpClient;
using gateway::HttpReply;

constexpr char kEnd[] = "GET /end HTTP/1.1\r\nHost: end\r\nConnection: close\r\n\r\n";
constexpr char kHidden[] = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr size_t kBodyMax = 4096;

/// Answers what it was asked: method, target, host, body.
class Mirror : public gateway::HttpHandler {
 public:
  size_t BodyBytesMax(const gateway::RequestHead&) const override { return kBodyMax; }
  boost::asio::awaitable<gateway::HttpResponse> Handle(gateway::HttpRequest request) override {
    gateway::HttpResponse response;
    response.body = std::string(request.head->method) + " " + std::string(request.head->target);
    if (!request.head->host.empty()) response.body += " " + std::string(request.head->host);
    if (!request.body.empty()) response.body += " " + request.body;
    if (request.head->path == "/hidden") has_served_hidden = true;
    co_return response;
  }
  gateway::HttpResponse Refuse(const absl::Status& status, const std::string&) override {
    return gateway::MakeProblem(status, "test");
  }
  std::atomic<bool> has_served_hidden{false};
};

struct Fixture {
  explicit Fixture(size_t read_bytes = 16 * 1024)
      : server({.listen = "127.0.0.1:0",
                .threads = 1,
                .limits = {.read_bytes = read_bytes},
                .tls = {},
                .clock = &clock},
               &mirror) {
    REQUIRE(server.Start().ok());
  }
  base::SystemClock clock;
  Mirror mirror;
  gateway::HttpServer server;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = ReadCases(FRAMING_CASES);
  return cases;
}

/// The next reply; an interim one only where it is expected (whether it is needed depends on how
/// much of the body has arrived).
HttpReply ReadReply(HttpClient& client, const Expected& expected) {
  HttpReply reply = client.ReadReply(expected.is_head);
  if (reply.status == 100 && expected.status != 100) reply = client.ReadReply(expected.is_head);
  return reply;
}

void CheckEnd(HttpClient& client, Case::End end) {
  if (end == Case::End::kOpen) {
    client.Send(kEnd);
    const HttpReply last = client.ReadReply();
    CHECK(last.status >= 200);
    CHECK(last.Header("Connection") == "close");
  } else if (end == Case::End::kWaits) {
    client.Shutdown();
  }
  CHECK(client.is_closed());
  CHECK(client.buffered().empty());
}

/// `understands`: a server that says what it understood, so that its words can be compared.
void CheckCase(int port, const Case& row, const std::string& behind, bool understands) {
  INFO(row.name);
  HttpClient client(port);
  client.Send(row.bytes + behind);
  for (const Expected& expected : row.replies) {
    const HttpReply reply = ReadReply(client, expected);
    if (understands || expected.status != 200) {
      CHECK(reply.status == expected.status);
    } else {
      CHECK(reply.status >= 200);
    }
    if (reply.status == 0) return;
    if (understands && !expected.is_head && !expected.text.empty()) {
      CHECK(reply.body == expected.text);
    }
    const bool is_last = &expected == &row.replies.back() && row.end == Case::End::kClosed;
    CHECK(reply.Header("Connection") == (is_last ? "close" : reply.Header("Connection")));
  }
  CheckEnd(client, row.end);
}

TEST_CASE("Framing: the corpus is whole", "[framing]") {
  std::set<std::string> names;
  for (const Case& row : Cases()) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    CHECK((!row.replies.empty() || row.end == Case::End::kWaits));
  }
  CHECK(names.size() >= 600);
  WARN(names.size() << " cases");
}

TEST_CASE("Framing: every case is answered as it says", "[framing]") {
  Fixture fixture;
  for (const Case& row : Cases()) CheckCase(fixture.server.port(), row, "", true);
  CHECK_FALSE(fixture.mirror.has_served_hidden);
}

TEST_CASE("Framing: in whatever pieces the bytes come", "[framing]") {
  for (const size_t read_bytes : {1, 2, 7}) {
    Fixture fixture(read_bytes);
    INFO("read by " << read_bytes);
    for (const Case& row : Cases()) CheckCase(fixture.server.port(), row, "", true);
    CHECK_FALSE(fixture.mirror.has_served_hidden);
  }
}

TEST_CASE("Framing: nothing behind a refusal is ever served", "[framing]") {
  for (const size_t read_bytes : {1, 16 * 1024}) {
    Fixture fixture(read_bytes);
    for (const Case& row : Cases()) {
      if (row.end == Case::End::kClosed) CheckCase(fixture.server.port(), row, kHidden, true);
    }
    CHECK_FALSE(fixture.mirror.has_served_hidden);
  }
}

TEST_CASE("Framing: the whole gateway refuses, answers and closes the same", "[framing]") {
  log::Init("framing", log::Level::kError);
  gateway::WorldOptions options = gateway::Generous();
  options.gateway.body_bytes_max = kBodyMax;
  const gateway::World world(options);
  for (const Case& row : Cases()) CheckCase(world.port(), row, "", false);
}

}  // namespace
}  // namespace cloudpos::framing
