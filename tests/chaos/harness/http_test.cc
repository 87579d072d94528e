#include "tests/chaos/harness/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

namespace cloudpos::chaos {
namespace {

/// Answers one request of each connection with the text it is given, and closes.
class Server {
 public:
  explicit Server(std::string answer, bool resets = false) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(listener_, 5) == 0);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, answer, resets] {
      char buffer[4096];
      while (true) {
        const int client = accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        if (recv(client, buffer, sizeof(buffer), 0) > 0 && !answer.empty()) {
          send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
        const linger now{.l_onoff = resets ? 1 : 0, .l_linger = 0};
        setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        close(client);
      }
    });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  int port = 0;

 private:
  int listener_ = -1;
  std::thread thread_;
};

/// What becomes of one request.
std::string Ask(int port, Micros time = 2 * kSecond) {
  Connection connection(port);
  if (connection.Open()) connection.Send({.method = "POST", .path = "/", .body = "{}"});
  AwaitAll({&connection}, Now() + time, [](size_t) {});
  return connection.reply
             ? std::to_string(connection.reply->status) + " " + connection.reply->body +
                   (connection.reply->replayed ? " again" : "")
             : LossName(*connection.loss);
}

TEST_CASE("Connection: answers", "[chaos]") {
  CHECK(Ask(Server("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}").port) == "201 {}");
  CHECK(Ask(Server("HTTP/1.1 200 OK\r\nIdempotency-Replayed: true\r\nContent-Length: 0\r\n\r\n")
                .port) == "200  again");
}

TEST_CASE("Connection: each way to get no answer has its name", "[chaos]") {
  int closed = 0;
  {
    const Server server("");
    closed = server.port;
    CHECK(Ask(server.port) == "reset");  // closed without a word
  }
  CHECK(Ask(closed) == "refused");
  CHECK(Ask(Server("", true).port) == "reset");
  CHECK(Ask(Server("HTTP/1.1 201 Cre").port) == "truncated");
  CHECK(Ask(Server("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{").port) == "truncated");
  CHECK(Ask(Server("HTTP/1.1 201 Created\r\n\r\n{}").port) == "truncated");
  CHECK(Ask(Server("SMTP").port) == "truncated");
}

TEST_CASE("AwaitAll: what does not answer in time is given up, the others are told", "[chaos]") {
  const Server quick("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(listen(silent, 5) == 0);
  socklen_t size = sizeof(address);
  getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  Connection slow(ntohs(address.sin_port));
  Connection fast(quick.port);
  for (Connection* connection : {&slow, &fast}) {
    REQUIRE(connection->Open());
    connection->Send({.path = "/"});
  }
  std::vector<size_t> order;
  AwaitAll({&slow, &fast}, Now() + 200 * kMilli, [&order](size_t i) { order.push_back(i); });
  CHECK(order == std::vector<size_t>{1, 0});
  CHECK(slow.loss == Loss::kTimeout);
  CHECK(fast.reply->status == 200);
  close(silent);
}

}  // namespace
}  // namespace cloudpos::chaos
