#include "libs/redis/redis.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/redis/circuit.h"
#include "libs/redis/connection.h"

namespace cloudpos::redis {
namespace {

using namespace std::chrono_literals;

Options TestOptions() {
  const char* url = std::getenv("POS_TEST_REDIS_URL");
  if (url == nullptr) FAIL("POS_TEST_REDIS_URL is not set: run the tests with ./pos test");
  return {.url = url, .connections = 4, .timeout = 2000ms};
}

std::unique_ptr<Client> TestClient() {
  auto client = Client::Create(TestOptions());
  REQUIRE(client.ok());
  return *std::move(client);
}

// A key nobody else uses.
std::string Key(const std::string& name) {
  return "test:" + base::RandomIdSource().NewId().ToString() + ":" + name;
}

TEST_CASE("ParseUrl: host, port, credentials, database, socket", "[redis]") {
  const Address plain = *ParseUrl("redis://cache:6380");
  CHECK(plain.host == "cache");
  CHECK(plain.port == 6380);
  CHECK(plain.password.empty());
  const Address full = *ParseUrl("redis://us%65r:p%40ss%3a@[::1]:7000/3");
  CHECK(full.host == "::1");
  CHECK(full.port == 7000);
  CHECK(full.user == "user");
  CHECK(full.password == "p@ss:");
  CHECK(full.database == 3);
  const Address only_password = *ParseUrl("redis://:secret@cache");
  CHECK(only_password.user.empty());
  CHECK(only_password.password == "secret");
  CHECK(only_password.port == 6379);
  const Address unix_socket = *ParseUrl("unix://:secret@/run/redis.sock");
  CHECK(unix_socket.host.empty());
  CHECK(unix_socket.path == "/run/redis.sock");
  CHECK(unix_socket.password == "secret");
}

TEST_CASE("ParseUrl: refuses what it does not understand, without repeating it", "[redis]") {
  for (const char* url : {"", "cache:6379", "http://cache", "redis://", "redis://:6379",
                          "redis://h:x", "redis://h:70000", "redis://h/x", "redis://user@h",
                          "redis://:p%4@h", "unix://run/redis.sock", "unix:///"}) {
    INFO(url);
    CHECK(base::CodeOf(ParseUrl(url).status()) == common::v1::INVALID_ARGUMENT);
  }
  const auto refused = Client::Create({.url = "rediss://:hunter2@h"});
  CHECK(refused.status().message().find("hunter2") == absl::string_view::npos);
}

TEST_CASE("Circuit: after a failure one caller tries per pause", "[redis]") {
  Circuit circuit;
  CHECK(circuit.Allows());
  CHECK_FALSE(circuit.Succeeded());
  CHECK(circuit.Failed());
  CHECK_FALSE(circuit.Allows());
  CHECK_FALSE(circuit.Failed());
  std::this_thread::sleep_for(Circuit::kPause + 20ms);
  CHECK(circuit.Allows());
  CHECK_FALSE(circuit.Allows());
  CHECK(circuit.Succeeded());
  CHECK(circuit.Allows());
  CHECK(circuit.Allows());
}

TEST_CASE("Client: values come back byte by byte and end with their time", "[redis]") {
  const auto client = TestClient();
  CHECK(client->Ping());
  const std::string key = Key("value");
  CHECK_FALSE(client->Get(key));
  const std::string bytes("a\0\r\n\xff b", 7);
  CHECK(client->Set(key, bytes, 60s));
  CHECK(client->Get(key) == bytes);
  CHECK(client->Delete(key));
  CHECK_FALSE(client->Get(key));
  CHECK(client->Set(key, "", 0ms));
  CHECK(client->Get(key) == "");
  CHECK(client->Set(key, "short", 30ms));
  std::this_thread::sleep_for(60ms);
  CHECK_FALSE(client->Get(key));
}

TEST_CASE("IncrementAll: new values in order, the first count sets the window", "[redis]") {
  const auto client = TestClient();
  const std::string a = Key("a");
  const std::string b = Key("b");
  CHECK(client->IncrementAll({}, 1s) == std::vector<int64_t>{});
  CHECK(client->IncrementAll({{a, 3}, {b, 1}}, 1s) == std::vector<int64_t>{3, 1});
  std::this_thread::sleep_for(400ms);
  CHECK(client->IncrementAll({{a, 2}, {b, -1}}, 1s) == std::vector<int64_t>{5, 0});
  std::this_thread::sleep_for(700ms);  // 1.1 s after the first: a later count does not prolong
  CHECK(client->IncrementAll({{a, 1}}, 1s) == std::vector<int64_t>{1});
}

TEST_CASE("IncrementAll: one key of another kind spoils the answer, not the connection",
          "[redis]") {
  const auto client = TestClient();
  const std::string text = Key("text");
  const std::string count = Key("count");
  REQUIRE(client->Set(text, "words", 10s));
  CHECK_FALSE(client->IncrementAll({{text, 1}, {count, 1}}, 10s));
  CHECK(client->Get(text) == "words");
  CHECK(client->IncrementAll({{count, 1}}, 10s) == std::vector<int64_t>{2});
}

TEST_CASE("Client: more threads than connections share them", "[redis]") {
  const auto client = TestClient();
  const std::string key = Key("shared");
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) client->IncrementAll({{key, 1}}, 60s);
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(client->Get(key) == "600");
}

}  // namespace
}  // namespace cloudpos::redis
