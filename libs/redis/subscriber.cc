#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "libs/base/ids.h"
#include "libs/log/log.h"
#include "libs/redis/connection.h"
#include "libs/redis/redis.h"

namespace cloudpos::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSilence{15000};  // then a PING; twice as long without a word: reconnect
constexpr milliseconds kPauseMin{50};
constexpr milliseconds kPauseMax{1000};

}  // namespace

struct Subscriber::Impl {
  Impl(const Options& o, std::vector<std::string> c, std::function<void(std::string_view)> r)
      : options(o), channels(std::move(c)), ring(std::move(r)), stop_fd(eventfd(0, EFD_CLOEXEC)) {
    thread = std::thread([this] { Run(); });
  }

  ~Impl() {
    const uint64_t one = 1;
    // An eventfd takes a first write of one without fail.
    [[maybe_unused]] const ssize_t written = write(stop_fd, &one, sizeof(one));
    thread.join();
    close(stop_fd);
  }

  void Run() {
    const auto address = ParseUrl(options.url);
    if (!address.ok()) {
      log::Error("redis subscriber cannot start",
                 {{"error", std::string(address.status().message())}});
      return;
    }
    while (!is_stopping) {
      // A subscriber waits for long anyway: give the connection more time than a cache look-up.
      auto connection = Connection::Open(*address, std::max(options.timeout, milliseconds(1000)));
      if (connection.ok()) Listen(**connection);
      Wait(-1, NextPause());
    }
  }

  // Until the connection fails or Stop.
  void Listen(Connection& connection) {
    Arguments command = {"SUBSCRIBE"};
    command.insert(command.end(), channels.begin(), channels.end());
    connection.Append(command);
    if (!connection.Flush()) return;
    bool is_asked = false;
    while (!is_stopping) {
      if (Wait(connection.fd(), kSilence)) {
        is_asked = false;
        if (!connection.Receive() || !HandleReceived(connection)) return;
      } else if (!is_stopping) {
        if (is_asked) return;
        is_asked = true;
        connection.Append({"PING"});
        if (!connection.Flush()) return;
      }
    }
  }

  bool HandleReceived(Connection& connection) {
    while (const Reply reply = connection.TakeReceived()) {
      if (IsError(*reply)) return false;
      if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3) continue;  // a PONG
      const std::string_view kind = TextOf(*reply->element[0]);
      if (kind != "message" && kind != "subscribe") continue;
      pause = kPauseMin;
      ring(TextOf(*reply->element[1]));
    }
    return true;
  }

  // True when `fd` can be read; false after `time` or when the subscriber is to stop.
  bool Wait(int fd, milliseconds time) {
    pollfd watched[] = {{stop_fd, POLLIN, 0}, {fd, POLLIN, 0}};
    poll(watched, 2, static_cast<int>(time.count()));
    is_stopping = is_stopping || watched[0].revents != 0;
    return !is_stopping && watched[1].revents != 0;
  }

  // Doubles up to a second; up to a quarter is random, so that services do not reconnect in step.
  milliseconds NextPause() {
    const milliseconds now = pause;
    pause = std::min(pause * 2, kPauseMax);
    const auto random = static_cast<uint8_t>(base::RandomBytes(1)[0]);
    return now - now * random / 1024;
  }

  const Options options;
  const std::vector<std::string> channels;
  const std::function<void(std::string_view)> ring;
  const int stop_fd;
  bool is_stopping = false;  // of the thread alone
  milliseconds pause = kPauseMin;
  std::thread thread;
};

Subscriber::Subscriber(const Options& options, std::vector<std::string> channels,
                       std::function<void(std::string_view channel)> ring)
    : impl_(std::make_unique<Impl>(options, std::move(channels), std::move(ring))) {}

Subscriber::~Subscriber() = default;

}  // namespace cloudpos::redis
