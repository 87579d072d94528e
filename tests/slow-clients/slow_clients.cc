#include "tests/slow-clients/slow_clients.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>

namespace cloudpos::slow {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
// The gateway allows 256 connections per address.
constexpr int kPerAddress = 200;

class SlowClients {
 public:
  explicit SlowClients(const Options& options) : options_(options) {}

  void Run() {
    asio::signal_set signals(io_, SIGTERM, SIGINT);
    signals.async_wait([this](boost::system::error_code, int) { io_.stop(); });
    for (int i = 0; i < options_.connections; ++i) {
      asio::co_spawn(io_, Hold(i), asio::detached);
    }
    io_.run();
    Print();
  }

 private:
  /// Of ten connections four send heads, three bodies, two nothing, and one reads nothing.
  static Kind KindOf(int i) {
    const int digit = i % 10;
    return digit < 4   ? Kind::kHead
           : digit < 7 ? Kind::kBody
           : digit < 9 ? Kind::kIdle
                       : Kind::kReader;
  }

  asio::awaitable<void> Hold(int i) {
    const Kind kind = KindOf(i);
    Tally& tally = tallies_[static_cast<size_t>(kind)];
    // Not all in the same instant, or they would also be cut off and come again in the same one.
    co_await Pause(milliseconds(3000LL * i / options_.connections));
    for (;;) {
      tcp::socket socket(io_);
      if (!co_await Connect(i, &socket)) {
        co_await Pause(milliseconds(200));
        continue;
      }
      ++tally.opened;
      if (++open_ >= options_.connections && !is_ready_) Announce();
      const auto begin = Clock::now();
      co_await Bother(kind, socket);
      const std::chrono::duration<double> held = Clock::now() - begin;
      tally.longest_seconds = std::max(tally.longest_seconds, held.count());
      ++tally.cut;
      --open_;
    }
  }

  asio::awaitable<bool> Connect(int i, tcp::socket* socket) {
    boost::system::error_code ec;
    socket->open(tcp::v4(), ec);
    if (KindOf(i) == Kind::kReader) {
      socket->set_option(asio::socket_base::receive_buffer_size(4096), ec);
    }
    const asio::ip::address_v4 own(0x7F000002U + static_cast<uint32_t>(i / kPerAddress));
    socket->bind({own, 0}, ec);
    if (ec) co_return false;
    const tcp::endpoint there(asio::ip::address_v4::loopback(),
                              static_cast<uint16_t>(options_.port));
    auto [failed] = co_await socket->async_connect(there, kTuple);
    co_return !failed;
  }

  /// Until the server ends the connection.
  asio::awaitable<void> Bother(Kind kind, tcp::socket& socket) {
    switch (kind) {
      case Kind::kHead:
        co_await Drip(socket, "GET /v1/products HTTP/1.1\r\nHost: localhost\r\nX-A: ", 1,
                      milliseconds(1000));
        break;
      case Kind::kBody:
        co_await Drip(
            socket, "POST /v1/sales HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n",
            550, milliseconds(500));
        break;
      case Kind::kIdle:
        co_await ReadToEnd(socket);
        break;
      case Kind::kReader:
        co_await AskOnly(socket);
        break;
    }
  }

  /// Sends `begin`, then `size` bytes each `pause`.
  asio::awaitable<void> Drip(tcp::socket& socket, std::string begin, size_t size,
                             milliseconds pause) {
    if (!co_await Send(socket, std::move(begin))) co_return;
    std::array<char, 512> answer;
    for (;;) {
      co_await Pause(pause);
      if (!co_await Send(socket, std::string(size, 'a'))) co_return;
      if (socket.available() == 0) continue;
      // An answer to half a request is a refusal; the end comes behind it.
      for (;;) {
        auto [ec, n] = co_await socket.async_read_some(asio::buffer(answer), kTuple);
        if (ec) co_return;
      }
    }
  }

  /// Asks for something large several times and reads none of it.
  asio::awaitable<void> AskOnly(tcp::socket& socket) {
    std::string asked;
    for (int i = 0; i < 20; ++i) asked += "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (!co_await Send(socket, std::move(asked))) co_return;
    // Without reading, its end cannot be seen; a write fails once the server has reset it.
    do {
      co_await Pause(milliseconds(1000));
    } while (co_await Send(socket, "\r\n"));
  }

  asio::awaitable<void> ReadToEnd(tcp::socket& socket) {
    std::array<char, 512> buffer;
    for (;;) {
      auto [ec, n] = co_await socket.async_read_some(asio::buffer(buffer), kTuple);
      if (ec) co_return;
    }
  }

  static asio::awaitable<bool> Send(tcp::socket& socket, std::string bytes) {
    auto [ec, n] = co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
    co_return !ec;
  }

  asio::awaitable<void> Pause(milliseconds time) {
    asio::steady_timer timer(io_, time);
    co_await timer.async_wait(kTuple);
  }

  void Announce() {
    is_ready_ = true;
    std::puts("ready");
    std::fflush(stdout);
  }

  void Print() const {
    std::string json = "{";
    for (size_t i = 0; i < tallies_.size(); ++i) {
      std::array<char, 160> text;
      std::snprintf(text.data(), text.size(),
                    "%s\"%s\":{\"opened\":%lld,\"cut\":%lld,\"longestSeconds\":%.1f}",
                    i == 0 ? "" : ",", kKindNames[i], static_cast<long long>(tallies_[i].opened),
                    static_cast<long long>(tallies_[i].cut), tallies_[i].longest_seconds);
      json += text.data();
    }
    std::puts((json + "}").c_str());
  }

  const Options options_;
  asio::io_context io_{1};
  std::array<Tally, kKindNames.size()> tallies_;
  int open_ = 0;
  bool is_ready_ = false;
};

}  // namespace

void RunSlowClients(const Options& options) { SlowClients(options).Run(); }

}  // namespace cloudpos::slow
