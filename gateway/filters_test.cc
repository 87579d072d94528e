// Limits per caller, browsers' rules and addresses, through the whole gateway.

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "gateway/testdata/world.h"

namespace cloudpos::gateway {
namespace {

namespace json = boost::json;
using common::v1::CATALOGUE_READ;

std::string CodeOf(const HttpReply& reply) {
  if (reply.Header("Content-Type") != "application/problem+json") return "";
  return std::string(json::parse(reply.body).at("code").as_string());
}

int CountOk(int n, const std::function<HttpReply()>& send) {
  int ok = 0;
  for (int i = 0; i < n; ++i) ok += send().status == 200 ? 1 : 0;
  return ok;
}

WorldOptions Slow() {
  WorldOptions options;
  options.gateway.rates.read = {0.01, 3};
  options.gateway.rates.write = {0.01, 2};
  return options;
}

TEST_CASE("Rates: each signed-in user has a limit of his own, reads and writes apart",
          "[gateway][integration]") {
  World world(Slow());
  const std::string a = world.Token({CATALOGUE_READ});
  const std::string b = world.Token({CATALOGUE_READ});
  const auto read = [&world](const std::string& token) {
    return world.Send("GET", "/v1/toys/t", "", {token});
  };
  CHECK(CountOk(5, [&] { return read(a); }) == 3);
  CHECK(CountOk(5, [&] { return read(b); }) == 3);
  const HttpReply refused = read(a);
  CHECK(refused.status == 429);
  CHECK(CodeOf(refused) == "RATE_LIMITED");
  CHECK(std::stoi(refused.Header("Retry-After")) > 50);
  CHECK(refused.Header("RateLimit-Limit") == "3");
  CHECK(refused.Header("RateLimit-Remaining") == "0");
  CHECK(CountOk(4, [&] { return world.Send("POST", "/v1/echo", "{}", {a}); }) == 2);
}

TEST_CASE("Rates: without a user the address counts, and so do tokens that are none",
          "[gateway][integration]") {
  World world(Slow());
  CHECK(CountOk(5, [&] { return world.Send("POST", "/v1/echo", "{}"); }) == 2);
  for (int i = 0; i < 3; ++i) {
    CHECK(world.Send("GET", "/v1/toys/t", "", {"Authorization: Bearer x"}).status == 401);
  }
  CHECK(world.Send("GET", "/v1/toys/t", "", {"Authorization: Bearer x"}).status == 429);
}

TEST_CASE("Rates: sign-in counts per account however it is spelt", "[gateway][integration]") {
  World world;
  const auto sign_in = [&world](const std::string& name, const std::string& password) {
    return world.Send("POST", "/v1/toys:signIn",
                      R"({"name":")" + name + R"(","password":")" + password + "\"}");
  };
  CHECK(CountOk(4, [&] { return sign_in("ann@x", "right"); }) == 4);
  CHECK(sign_in(" ANN@x ", "right").status == 200);
  const HttpReply refused = sign_in("Ann@X", "right");
  CHECK(refused.status == 429);
  CHECK_FALSE(refused.Header("Retry-After").empty());
  CHECK(sign_in("bob@x", "right").status == 200);
}

TEST_CASE("Rates: failed sign-ins count against the address, good ones do not",
          "[gateway][integration]") {
  WorldOptions options;
  options.gateway.rates.auth_failures_per_minute = 5;
  World world(options);
  const auto sign_in = [&world](int n, const std::string& password) {
    return world.Send("POST", "/v1/toys:signIn",
                      R"({"name":"u)" + std::to_string(n) + R"(","password":")" + password + "\"}");
  };
  for (int i = 0; i < 10; ++i) CHECK(sign_in(i, "right").status == 200);
  for (int i = 10; i < 15; ++i) CHECK(sign_in(i, "wrong").status == 401);
  CHECK(sign_in(20, "wrong").status == 429);
  CHECK(sign_in(21, "right").status == 429);
  // Who is signed in already is not harmed by others at the same address.
  CHECK(world.Send("GET", "/v1/toys/t", "", {world.Token({CATALOGUE_READ})}).status == 200);
}

TEST_CASE("Rates: a session's refreshes are counted by its family", "[gateway][integration]") {
  World world(Slow());
  const auto refresh = [&world](const std::string& secret) {
    return world.Send("POST", "/v1/toys:refresh", "",
                      {"Cookie: toy=" + secret, "X-CloudPOS-Request: 1"});
  };
  CHECK(CountOk(4, [&] { return refresh("family1.secret1"); }) == 2);
  CHECK(refresh("family2.x").status == 401);
}

TEST_CASE("CORS: listed origins only, exactly", "[gateway][integration]") {
  WorldOptions options = Generous();
  options.gateway.cors_origins = {"https://shop.example"};
  World world(options);
  const std::vector<std::string> ask = {"Access-Control-Request-Method: PATCH"};
  const auto preflight = [&](const std::string& origin) {
    return world.Send("OPTIONS", "/v1/toys/t", "", {"Origin: " + origin, ask[0]});
  };
  const HttpReply yes = preflight("https://shop.example");
  CHECK(yes.status == 204);
  CHECK(yes.Header("Access-Control-Allow-Origin") == "https://shop.example");
  CHECK(yes.Header("Access-Control-Allow-Credentials") == "true");
  CHECK(yes.Header("Access-Control-Allow-Methods") == "GET, PATCH, HEAD, OPTIONS");
  CHECK(yes.Header("Vary") == "Origin");
  for (const char* other : {"https://shop.example.evil", "http://shop.example", "null", "*"}) {
    const HttpReply no = preflight(other);
    CHECK(no.Header("Access-Control-Allow-Origin").empty());
    CHECK(no.Header("Access-Control-Allow-Methods").empty());
  }
  const HttpReply failed = world.Send("GET", "/v1/toys/t", "", {"Origin: https://shop.example"});
  CHECK(failed.status == 401);
  CHECK(failed.Header("Access-Control-Allow-Origin") == "https://shop.example");
}

TEST_CASE("Addresses: X-Forwarded-For is believed from listed proxies only",
          "[gateway][integration]") {
  const auto ip_of = [](World& world, const std::string& header) {
    const HttpReply reply = world.Send("POST", "/v1/echo", "{}", {header});
    return std::string(json::parse(reply.body).at("clientIp").as_string());
  };
  World plain(Generous());
  CHECK(ip_of(plain, "X-Forwarded-For: 9.9.9.9") == "127.0.0.1");
  WorldOptions options = Generous();
  options.gateway.proxies = *TrustedProxies::Parse({"127.0.0.0/8", "10.0.0.1"});
  World world(options);
  CHECK(ip_of(world, "X-Forwarded-For: 9.9.9.9") == "9.9.9.9");
  CHECK(ip_of(world, "X-Forwarded-For: 6.6.6.6, 9.9.9.9, 10.0.0.1") == "9.9.9.9");
  CHECK(ip_of(world, "X-Forwarded-For: 6.6.6.6, junk, 10.0.0.1") == "10.0.0.1");
  CHECK(ip_of(world, "X-Forwarded-For: 2001:db8::1") == "2001:db8::1");
  const HttpReply secure = world.Send("GET", "/healthz", "", {"X-Forwarded-Proto: https"});
  CHECK(secure.Header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains");
  const HttpReply in = world.Send("POST", "/v1/toys:signIn", R"({"name":"a","password":"right"})",
                                  {"X-Forwarded-Proto: https"});
  CHECK(in.Header("Set-Cookie") ==
        "__Host-toy=family1.secret1; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=3600");
}

TEST_CASE("Addresses: networks", "[gateway]") {
  const auto proxies = TrustedProxies::Parse({"10.0.0.0/8", "::1", "2001:db8::/32"});
  REQUIRE(proxies.ok());
  CHECK(proxies->Contains("10.255.255.255"));
  CHECK(proxies->Contains("10.0.0.0"));
  CHECK_FALSE(proxies->Contains("11.0.0.0"));
  CHECK(proxies->Contains("::1"));
  CHECK(proxies->Contains("2001:db8:ffff::1"));
  CHECK_FALSE(proxies->Contains("2001:db9::1"));
  CHECK_FALSE(TrustedProxies::Parse({"everyone"}).ok());
  CHECK(AddressGroup("2001:db8:1:2:3:4:5:6") == AddressGroup("2001:db8:1:2::"));
  CHECK(AddressGroup("10.0.0.1") == "10.0.0.1");
}

TEST_CASE("Streams: a user may hold only so many open", "[gateway][integration]") {
  WorldOptions options = Generous();
  options.gateway.streams_per_user_max = 2;
  World world(options);
  const std::string token = world.Token({});
  const std::string request =
      World::Format("GET", "/v1/countdown?from=1000&pauseMs=50", "", {token});
  auto a = std::make_unique<HttpClient>(world.port());
  HttpClient b(world.port());
  a->Send(request);
  b.Send(request);
  CHECK(a->ReadSome(std::chrono::milliseconds(2000)));
  CHECK(b.ReadSome(std::chrono::milliseconds(2000)));
  CHECK(world.Send("GET", "/v1/countdown?from=1", "", {token}).status == 429);
  a.reset();  // gone: its place is free again once the gateway has noticed
  int status = 429;
  for (int i = 0; i < 50 && status != 200; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    status = world.Send("GET", "/v1/countdown?from=1", "", {token}).status;
  }
  CHECK(status == 200);
}

}  // namespace
}  // namespace cloudpos::gateway
