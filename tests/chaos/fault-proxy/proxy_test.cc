#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/fault-proxy/control.h"

namespace cloudpos::fault_proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Answers each line with "re: " and the line; counts what it has read.
class Server {
 public:
  Server() : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Server() {
    io_.stop();
    thread_.join();
  }
  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  std::atomic<int> lines{0};
  std::atomic<int> ends{0};
  std::atomic<int> resets{0};

 private:
  struct Session : std::enable_shared_from_this<Session> {
    Session(Server& s, tcp::socket c) : server(s), socket(std::move(c)) {}
    void Read() {
      asio::async_read_until(socket, asio::dynamic_buffer(in), '\n',
                             [self = shared_from_this()](auto error, size_t size) {
                               if (error == asio::error::eof) ++self->server.ends;
                               if (error == asio::error::connection_reset) ++self->server.resets;
                               if (error) return;
                               ++self->server.lines;
                               self->Write(size);
                             });
    }
    void Write(size_t size) {
      out = "re: " + in.substr(0, size);
      in.erase(0, size);
      asio::async_write(socket, asio::buffer(out), [self = shared_from_this()](auto error, size_t) {
        if (!error) self->Read();
      });
    }
    Server& server;
    tcp::socket socket;
    std::string in, out;
  };
  void Accept() {
    acceptor_.async_accept([this](auto error, tcp::socket socket) {
      if (error) return;
      std::make_shared<Session>(*this, std::move(socket))->Read();
      Accept();
    });
  }
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

/// The proxy in a thread of its own, told through its control socket.
class Proxy {
 public:
  explicit Proxy(const std::string& target) : control_path_(Path()) {
    links_.push_back(std::make_unique<Link>(io_, Route{"edge", 0, target}));
    control_ = std::make_unique<Control>(io_, control_path_, links_);
    port_ = links_.front()->port();
    thread_ = std::thread([this] { io_.run(); });
    talk_.connect(asio::local::stream_protocol::endpoint(control_path_));
  }
  ~Proxy() {
    io_.stop();
    thread_.join();
    unlink(control_path_.c_str());
  }
  std::string Tell(const std::string& line) {
    asio::write(talk_, asio::buffer(line + "\n"));
    std::string answer;
    asio::read_until(talk_, asio::dynamic_buffer(answer), '\n');
    answer.pop_back();
    return answer;
  }
  /// Whether the answer to "stats" has this in it before long.
  bool Says(const std::string& text) {
    for (int i = 0; i < 200; ++i) {
      if (Tell("edge stats").find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  uint16_t port() const { return port_; }

 private:
  static std::string Path() {
    static int count = 0;
    return "/tmp/fault-proxy-test." + std::to_string(getpid()) + "." + std::to_string(++count);
  }
  const std::string control_path_;
  asio::io_context io_;
  std::vector<std::unique_ptr<Link>> links_;
  std::unique_ptr<Control> control_;
  uint16_t port_ = 0;
  std::thread thread_;
  asio::io_context talk_io_;
  asio::local::stream_protocol::socket talk_{talk_io_};
};

class Client {
 public:
  explicit Client(const Proxy& proxy) {
    socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), proxy.port()));
    SetTimeout(milliseconds(3000));
  }
  void SetTimeout(milliseconds time) {
    const timeval value{.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value));
  }
  void Send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
  /// One line, or what ended it: "(reset)", "(end)", "(nothing)".
  std::string Receive() {
    std::string line;
    while (!line.ends_with('\n')) {
      char c = 0;
      const ssize_t got = recv(socket_.native_handle(), &c, 1, 0);
      if (got == 0) return line + "(end)";
      if (got < 0) return line + (errno == ECONNRESET ? "(reset)" : "(nothing)");
      line.push_back(c);
    }
    line.pop_back();
    return line;
  }
  std::string Ask(const std::string& text) {
    Send(text + "\n");
    return Receive();
  }
  void End() { socket_.shutdown(tcp::socket::shutdown_send); }

 private:
  asio::io_context io_;
  tcp::socket socket_{io_};
};

TEST_CASE("fault-proxy: routes and faults as text", "[chaos]") {
  const auto route = Route::Parse("pg=5500:/tmp/a/.s.PGSQL.5432");
  REQUIRE(route);
  CHECK((route->name == "pg" && route->port == 5500));
  CHECK(route->target == "/tmp/a/.s.PGSQL.5432");
  CHECK(Route::Parse("auth=1:127.0.0.1:7101"));
  for (const char* bad : {"", "a", "a=1", "a=1:", "a=x:h:1", "=1:h:1", "A=1:h:1", "a=70000:h:1"}) {
    CHECK_FALSE(Route::Parse(bad));
  }
  CHECK(Fault::Parse("cut-reply two words")->text == "two words");
  CHECK(Fault::Parse("delay 50")->number == 50);
  for (const char* bad : {"", "explode", "delay", "delay x", "delay -1", "stall 1", "cut-reply"}) {
    CHECK_FALSE(Fault::Parse(bad));
  }
}

TEST_CASE("fault-proxy: forwards, and passes ends on", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client one(proxy);
  Client two(proxy);
  CHECK(one.Ask("a") == "re: a");
  CHECK(two.Ask(std::string(500000, 'b')) == "re: " + std::string(500000, 'b'));
  CHECK(proxy.Tell("edge stats")
            .starts_with(
                R"({"name":"edge","fault":"heal","open":2,"accepted":2,"hit":0,"bytes":10000)"));
  one.End();
  CHECK(one.Receive() == "(end)");
  CHECK(proxy.Says(R"("open":1)"));
  CHECK(server.ends == 1);
  CHECK(proxy.Tell("edge explode").find("error") != std::string::npos);
  CHECK(proxy.Tell("nobody heal").find("error") != std::string::npos);
}

TEST_CASE("fault-proxy: refuse resets the new, reset the old", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client old(proxy);
  CHECK(old.Ask("a") == "re: a");
  proxy.Tell("edge refuse");
  CHECK(Client(proxy).Receive() == "(reset)");
  CHECK(old.Ask("b") == "re: b");
  CHECK(proxy.Tell("edge stats").find(R"("hit":1)") != std::string::npos);
  CHECK(proxy.Tell("edge reset").find(R"("open":0,"accepted":2,"hit":1)") != std::string::npos);
  CHECK(old.Receive() == "(reset)");
  CHECK(Client(proxy).Ask("c") == "re: c");
  CHECK(server.resets == 1);
}

TEST_CASE("fault-proxy: stall holds everything back until it is healed", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client old(proxy);
  CHECK(old.Ask("a") == "re: a");
  proxy.Tell("edge stall");
  Client fresh(proxy);
  fresh.Send("c\n");
  old.Send("b\n");
  old.End();
  old.SetTimeout(milliseconds(150));
  CHECK(old.Receive() == "(nothing)");
  CHECK(server.lines == 1);
  CHECK(proxy.Says(R"("hit":2)"));
  CHECK(proxy.Tell("edge heal").find(R"("hit":0)") != std::string::npos);
  CHECK(old.Receive() == "re: b");
  CHECK(old.Receive() == "(end)");
  CHECK(fresh.Receive() == "re: c");
}

TEST_CASE("fault-proxy: delay makes each way slower", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client client(proxy);
  proxy.Tell("edge delay 100");
  const auto begin = steady_clock::now();
  CHECK(client.Ask("a") == "re: a");
  CHECK(steady_clock::now() - begin >= milliseconds(200));
  proxy.Tell("edge delay 60000");
  client.Send("b\n");
  CHECK(proxy.Says(R"("hit":1)"));
  proxy.Tell("edge heal");
  CHECK(client.Receive() == "re: b");
}

TEST_CASE("fault-proxy: truncate ends a connection in the middle", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client client(proxy);
  CHECK(client.Ask("a") == "re: a");
  proxy.Tell("edge truncate 9");
  CHECK(client.Ask("bcde") == "re: (end)");
  CHECK(Client(proxy).Ask("f") == "re: f");
  CHECK(proxy.Tell("edge stats").find(R"("hit":1)") != std::string::npos);
  proxy.Tell("edge truncate 1");
  Client second(proxy);
  CHECK(second.Ask("gh") == "(end)");
  CHECK(proxy.Says(R"("open":0)"));
}

TEST_CASE("fault-proxy: drop swallows one way, after which a connection is lost", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  for (const char* way : {"drop-up", "drop-down"}) {
    const int before = server.lines;
    Client client(proxy);
    Client idle(proxy);
    CHECK(client.Ask("a") == "re: a");
    CHECK(idle.Ask("a") == "re: a");
    proxy.Tell(std::string("edge ") + way);
    client.SetTimeout(milliseconds(150));
    CHECK(client.Ask("b") == "(nothing)");
    CHECK(server.lines - before == (std::string(way) == "drop-up" ? 2 : 3));
    CHECK(proxy.Says(R"("hit":1)"));
    proxy.Tell("edge heal");
    CHECK(client.Receive() == "(reset)");
    CHECK(idle.Ask("c") == "re: c");
  }
}

TEST_CASE("fault-proxy: cut-reply lets one message through and not its reply", "[chaos]") {
  Server server;
  Proxy proxy(server.address());
  Client client(proxy);
  Client other(proxy);
  CHECK(client.Ask("BEGIN") == "re: BEGIN");
  proxy.Tell("edge cut-reply COMMIT now");
  CHECK(other.Ask("COMMIT later") == "re: COMMIT later");
  client.Send("COMM");
  std::this_thread::sleep_for(milliseconds(30));
  client.Send("IT now\n");
  CHECK(client.Receive() == "(reset)");
  CHECK(server.lines == 3);
  CHECK(other.Ask("COMMIT now") == "re: COMMIT now");
  CHECK(proxy.Tell("edge stats").find(R"("open":1,"accepted":2,"hit":1)") != std::string::npos);
}

TEST_CASE("fault-proxy: a target that is not there is a reset", "[chaos]") {
  Proxy proxy("/tmp/fault-proxy-test.no-such-socket");
  CHECK(Client(proxy).Receive() == "(reset)");
  CHECK(proxy.Says(R"("open":0,"accepted":1,"hit":0)"));
}

}  // namespace
}  // namespace cloudpos::fault_proxy
