// What happens when Redis dies, freezes and comes back: against a server of the test's own.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "libs/redis/connection.h"
#include "libs/redis/redis.h"

extern "C" char** environ;

namespace cloudpos::redis {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

template <typename Condition>
bool Eventually(Condition&& condition, std::chrono::milliseconds within = 5s) {
  const auto end = SteadyClock::now() + within;
  while (SteadyClock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return condition();
}

// A Redis on a unix socket in a folder of its own, that can be killed and started again.
class RedisServer {
 public:
  explicit RedisServer(std::string password = {}) : password_(std::move(password)) {
    char path[] = "/tmp/cloudpos-redis-XXXXXX";
    folder_ = mkdtemp(path);
    Start();
  }
  ~RedisServer() {
    Kill();
    unlink(Socket().c_str());
    rmdir(folder_.c_str());
  }
  RedisServer(const RedisServer&) = delete;

  void Start() {
    std::vector<std::string> words = {"redis-server", "--port",    "0",        "--unixsocket",
                                      Socket(),       "--save",    "",         "--dir",
                                      folder_,        "--logfile", "/dev/null"};
    if (!password_.empty()) words.insert(words.end(), {"--requirepass", password_});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    REQUIRE(posix_spawnp(&pid_, "redis-server", nullptr, nullptr, arguments.data(), environ) == 0);
    REQUIRE(Eventually([this] { return Connection::Open(*ParseUrl(Url()), 200ms).ok(); }, 10s));
  }
  void Kill() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  void Freeze() { kill(pid_, SIGSTOP); }
  void Thaw() { kill(pid_, SIGCONT); }
  std::string Url() const {
    return "unix://" + (password_.empty() ? "" : ":" + password_ + "@") + Socket();
  }

 private:
  std::string Socket() const { return folder_ + "/redis.sock"; }
  std::string folder_;
  std::string password_;
  pid_t pid_ = -1;
};

std::unique_ptr<Client> ClientOf(const RedisServer& server,
                                 std::chrono::milliseconds timeout = 1s) {
  auto client = Client::Create({.url = server.Url(), .connections = 2, .timeout = timeout});
  REQUIRE(client.ok());
  return *std::move(client);
}

TEST_CASE("Redis killed: calls answer at once, and work again after it is back", "[redis][chaos]") {
  RedisServer server;
  const auto client = ClientOf(server);
  REQUIRE(client->Set("k", "v", 60s));
  server.Kill();
  CHECK_FALSE(client->Get("k"));
  const auto start = SteadyClock::now();
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(client->Set("k", "v", 60s));
    CHECK_FALSE(client->IncrementAll({{"n", 1}}, 60s));
  }
  CHECK(SteadyClock::now() - start < 5s);  // 2,000 calls
  server.Start();
  CHECK(Eventually([&] { return client->Ping(); }, 3s));
  CHECK(client->Set("k", "w", 60s));
  CHECK(client->Get("k") == "w");
}

TEST_CASE("Redis restarted between two calls: the second notices nothing", "[redis][chaos]") {
  RedisServer server;
  const auto client = ClientOf(server);
  REQUIRE(client->Ping());
  server.Kill();
  server.Start();
  CHECK(client->Set("k", "v", 60s));
}

TEST_CASE("Redis frozen: one caller waits for the timeout, the rest do not", "[redis][chaos]") {
  RedisServer server;
  const auto client = ClientOf(server, 200ms);
  REQUIRE(Eventually([&] { return client->Ping(); }, 3s));
  server.Freeze();
  const auto start = SteadyClock::now();
  CHECK_FALSE(client->Ping());
  const auto first = SteadyClock::now();
  CHECK(first - start >= 190ms);
  CHECK(first - start < 3s);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(client->Ping());
  CHECK(SteadyClock::now() - first < 5s);  // not 20 s
  server.Thaw();
  CHECK(Eventually([&] { return client->Ping(); }, 3s));
}

TEST_CASE("Redis with a password: the right one works, a wrong one is as good as away", "[redis]") {
  RedisServer server("s3cret");
  CHECK(ClientOf(server)->Ping());
  const std::string path = server.Url().substr(server.Url().find('@') + 1);
  for (const std::string& url : {"unix://" + path, "unix://:wrong@" + path}) {
    const auto client = Client::Create({.url = url, .timeout = 100ms});
    REQUIRE(client.ok());
    CHECK_FALSE((*client)->Ping());
    CHECK_FALSE((*client)->Set("k", "v", 1s));
  }
}

TEST_CASE("Subscriber: hears its channels, and again after Redis came back", "[redis][chaos]") {
  RedisServer server;
  std::atomic<int> a{0};
  std::atomic<int> b{0};
  const Subscriber subscriber({.url = server.Url()}, {"a", "b"},
                              [&](std::string_view channel) { ++(channel == "a" ? a : b); });
  // Every channel rings once when the connection stands.
  REQUIRE(Eventually([&] { return a == 1 && b == 1; }));
  const auto client = ClientOf(server);
  REQUIRE(client->Publish("a", "x"));
  REQUIRE(client->Publish("c", "x"));
  REQUIRE(Eventually([&] { return a == 2; }));
  CHECK(b == 1);
  server.Kill();
  std::this_thread::sleep_for(300ms);
  server.Start();
  REQUIRE(Eventually([&] { return a == 3 && b == 2; }));
  REQUIRE(Eventually([&] { return client->Publish("b", "x"); }));
  REQUIRE(Eventually([&] { return b == 3; }));
  CHECK(a == 3);
}

TEST_CASE("Subscriber: ends at once, whether Redis is there or not", "[redis]") {
  const auto start = SteadyClock::now();
  std::atomic<bool> has_rung{false};
  {
    RedisServer server;
    const Subscriber subscriber({.url = server.Url()}, {"a"}, [](std::string_view) {});
    const Subscriber nowhere({.url = "unix:///nonexistent/socket"}, {"a"},
                             [&](std::string_view) { has_rung = true; });
    const Subscriber malformed({.url = "nonsense"}, {"a"}, [](std::string_view) {});
    std::this_thread::sleep_for(200ms);
  }
  CHECK(SteadyClock::now() - start < 3s);
  CHECK_FALSE(has_rung);
}

}  // namespace
}  // namespace cloudpos::redis
