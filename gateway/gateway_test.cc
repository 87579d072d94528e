// The gateway from socket to service and back.

#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <iostream>
#include <random>
#include <thread>

#include "gateway/testdata/world.h"

namespace cloudpos::gateway {
namespace {

namespace json = boost::json;
using common::v1::CATALOGUE_READ;
using common::v1::CATALOGUE_WRITE;

std::string CodeOf(const HttpReply& reply) {
  if (reply.Header("Content-Type") != "application/problem+json") return "";
  return std::string(json::parse(reply.body).at("code").as_string());
}

TEST_CASE("Gateway: a write and a read come through", "[gateway][integration]") {
  World world(Generous());
  const std::string token = world.Token({CATALOGUE_READ, CATALOGUE_WRITE});
  const HttpReply made = world.Send(
      "POST", "/v1/toys",
      R"({"toyId":"t1","name":"Bär","price":{"currencyCode":"EUR","minorUnits":1234},"colour":"RED"})",
      {token});
  CHECK(made.status == 201);
  CHECK(made.Header("Content-Type") == "application/json");
  CHECK(made.body == R"({"toyId":"t1","name":"Bär","version":1,"price":{"currencyCode":"EUR",)"
                     R"("minorUnits":1234},"colour":"RED","tags":[]})");
  const HttpReply read = world.Send("GET", "/v1/toys/t%201", "", {token, "X-Toy-Hint: soft"});
  CHECK(read.status == 200);
  CHECK(read.Header("ETag") == "\"7\"");
  CHECK(json::parse(read.body).at("toyId").as_string() == "t 1");
  CHECK(json::parse(read.body).at("name").as_string() == "soft");
  const HttpReply same = world.Send("GET", "/v1/toys/t1", "", {token, "If-None-Match: W/\"7\""});
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  const HttpReply head = world.Send("HEAD", "/v1/toys/t1", "", {token});
  CHECK(head.status == 200);
  CHECK(head.Header("Content-Length") != "0");
}

TEST_CASE("Gateway: every refusal is a problem with code, field and request id",
          "[gateway][integration]") {
  World world(Generous());
  const std::string writer = world.Token({CATALOGUE_WRITE});
  struct Row {
    std::string verb, target, body;
    std::vector<std::string> headers;
    int status;
    std::string code;
  };
  const std::string toy = R"({"toyId":"t","name":"n"})";
  const std::vector<Row> rows = {
      {"GET", "/nothing", "", {}, 404, "ROUTE_NOT_FOUND"},
      {"GET", "/v1/echo", "", {}, 405, "METHOD_NOT_ALLOWED"},
      {"PUT", "/v1/toys/t", "", {}, 405, "METHOD_NOT_ALLOWED"},
      {"POST", "/v1/toys", toy, {}, 401, "UNAUTHENTICATED"},
      {"POST", "/v1/toys", toy, {"Authorization: Basic eDp5"}, 401, "UNAUTHENTICATED"},
      {"POST", "/v1/toys", toy, {"Authorization: Bearer x"}, 401, "TOKEN_INVALID"},
      {"POST",
       "/v1/toys",
       toy,
       {world.Token({CATALOGUE_WRITE}, -absl::Seconds(1))},
       401,
       "TOKEN_EXPIRED"},
      {"POST", "/v1/toys", toy, {world.Token({CATALOGUE_READ})}, 403, "PERMISSION_DENIED"},
      {"POST", "/v1/toys", "{", {writer}, 400, "MALFORMED_JSON"},
      {"POST", "/v1/toys", R"({"nope":1})", {writer}, 400, "UNKNOWN_FIELD"},
      {"POST", "/v1/toys", R"({"toyId":1})", {writer}, 400, "WRONG_TYPE"},
      {"POST",
       "/v1/toys",
       toy,
       {writer, "Content-Type: text/plain"},
       415,
       "UNSUPPORTED_MEDIA_TYPE"},
      {"POST", "/v1/toys?x=1", toy, {writer}, 400, "UNKNOWN_FIELD"},
      {"POST", "/v1/toys", R"({"toyId":"t"})", {writer}, 400, "FIELD_REQUIRED"},
      {"POST", "/v1/echo", R"({"fail":"IDEMPOTENCY_MISMATCH"})", {}, 422, "IDEMPOTENCY_MISMATCH"},
      {"POST", "/v1/echo", R"({"fail":"PRICE_CHANGED"})", {}, 409, "PRICE_CHANGED"},
      {"POST", "/v1/echo", R"({"fail":"ACCOUNT_LOCKED"})", {}, 429, "ACCOUNT_LOCKED"},
      {"POST", "/v1/echo", R"({"fail":"INTERNAL"})", {}, 500, "INTERNAL"},
      {"POST", "/v1/echo", R"({"fail":"NOT_FOUND"})", {}, 404, "NOT_FOUND"},
      {"POST", "/v1/echo", R"({"text":"held"})", {}, 504, "DEADLINE_EXCEEDED"},
      {"POST",
       "/v1/echo",
       "{}",
       {"Idempotency-Key: " + std::string(256, 'k')},
       400,
       "INVALID_ARGUMENT"},
      {"GET", "/v1/toys?pageSize=x", "", {world.Token({CATALOGUE_READ})}, 400, "WRONG_TYPE"},
      {"GET",
       "/v1/toys?pageSize=1&pageSize=2",
       "",
       {world.Token({CATALOGUE_READ})},
       400,
       "INVALID_ARGUMENT"},
      {"GET", "/v1/toys/none", "", {world.Token({CATALOGUE_READ})}, 404, "NOT_FOUND"},
      {"GET", "/v1/toys/t", "{}", {world.Token({CATALOGUE_READ})}, 400, "MALFORMED_REQUEST"},
      {"POST", "/v1/hooks/x", std::string(4097, 'x'), {"Content-Type: a/b"}, 413, "BODY_TOO_LARGE"},
  };
  for (const Row& row : rows) {
    const HttpReply reply = world.Send(row.verb, row.target, row.body, row.headers);
    INFO(row.verb << " " << row.target << " " << row.body.substr(0, 80) << " -> " << reply.body);
    CHECK(reply.status == row.status);
    CHECK(CodeOf(reply) == row.code);
    CHECK(reply.Header("X-Content-Type-Options") == "nosniff");
    CHECK(reply.Header("Cache-Control") == "no-store");
    CHECK_FALSE(reply.Header("Content-Security-Policy").empty());
    CHECK(reply.body.find(reply.Header("X-Request-Id")) != std::string::npos);
    CHECK(reply.Header("WWW-Authenticate").empty() == (row.status != 401));
  }
}

TEST_CASE("Gateway: a problem carries everything the service said", "[gateway][integration]") {
  World world(Generous());
  const HttpReply reply =
      world.Send("POST", "/v1/echo", R"({"fail":"PRICE_CHANGED"})", {"X-Request-Id: my-id"});
  CHECK(
      reply.body ==
      R"({"type":"urn:cloudpos:problem:price-changed","title":"The price has changed","status":409,)"
      R"("code":"PRICE_CHANGED","detail":"as asked","instance":"my-id",)"
      R"("errors":[{"field":"lines[0].text","detail":"is wrong"}],"hint":"ask otherwise",)"
      R"("data":{"head":"17"}})");
  CHECK(reply.Header("Retry-After") == "3");
  CHECK(reply.Header("X-Request-Id") == "my-id");
}

TEST_CASE("Gateway: path, query and body fill the request", "[gateway][integration]") {
  World world(Generous());
  const std::string token = world.Token({CATALOGUE_READ, CATALOGUE_WRITE});
  const HttpReply list = world.Send(
      "GET",
      "/v1/"
      "toys?pageSize=5&colours=RED&colours=DEEP_BLUE&filter.namePrefix=a%2Bb+c&filter.onlyNew=true"
      "&since=2026-01-05T10:00:00Z&broken=false",
      "", {token});
  CHECK(list.status == 200);
  CHECK(json::parse(list.body).at("toys").at(0).at("name").as_string() ==
        "page_size: 5 colours: RED colours: DEEP_BLUE filter { name_prefix: \"a+b c\" only_new: "
        "true } "
        "since { seconds: 1767607200 } broken { }");
  const HttpReply store = world.Send("GET", "/v1/stores/s7/toys", "", {token});
  CHECK(json::parse(store.body).at("toys").at(0).at("name").as_string() == "store_id: \"s7\"");
  const HttpReply patched = world.Send("PATCH", "/v1/toys/fromPath?updateMask=name,madeAt",
                                       R"({"toyId":"fromBody","name":"x"})", {token});
  CHECK(json::parse(patched.body).at("toyId").as_string() == "fromPath");
  CHECK(json::parse(patched.body).at("tags").at(0).as_string() ==
        "paths: \"name\" paths: \"made_at\"");
  const HttpReply broken = world.Send("POST", "/v1/toys/t:break", "", {token});
  CHECK(broken.status == 204);
  CHECK(broken.body.empty());
}

TEST_CASE("Gateway: facts about the request travel along", "[gateway][integration]") {
  World world(Generous());
  const HttpReply reply =
      world.Send("POST", "/v1/echo", "{}",
                 {"Idempotency-Key: k1", "X-Request-Id: r1", "X-Forwarded-For: 1.2.3.4",
                  "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
  const json::value body = json::parse(reply.body);
  CHECK(body.at("idempotencyKey").as_string() == "k1");
  CHECK(body.at("requestId").as_string() == "r1");
  CHECK(body.at("clientIp").as_string() == "127.0.0.1");
  CHECK(std::string(body.at("traceparent").as_string()).find("0af7651916cd43dd8448eb211c80319c") ==
        3);
  const HttpReply again = world.Send("POST", "/v1/toys", R"({"toyId":"t","name":"again"})",
                                     {world.Token({CATALOGUE_WRITE})});
  CHECK(again.status == 201);
  CHECK(again.Header("Idempotency-Replayed") == "true");
}

TEST_CASE("Gateway: raw bodies pass through untouched", "[gateway][integration]") {
  World world(Generous());
  const HttpReply label = world.Send("GET", "/v1/toys/t/label");
  CHECK(label.Header("Content-Type") == "text/html; charset=utf-8");
  CHECK(label.body == "<style>b{color:red}</style><b>t</b>");
  CHECK(label.Header("Content-Security-Policy").find("style-src 'sha256-") != std::string::npos);
  const HttpReply hook = world.Send("POST", "/v1/hooks/bank", std::string("\0\xff{", 3),
                                    {"Content-Type: application/x-thing", "X-Signature: abc"});
  CHECK(json::parse(hook.body).at("text").as_string() == "bank|application/x-thing|3");
  CHECK(json::parse(hook.body).at("header").as_string() == "abc");
}

TEST_CASE("Gateway: a session cookie is set, used with care and cleared",
          "[gateway][integration]") {
  World world(Generous());
  const HttpReply in = world.Send("POST", "/v1/toys:signIn", R"({"name":"a","password":"right"})");
  CHECK(in.status == 200);
  CHECK(in.Header("Set-Cookie") ==
        "toy=family1.secret1; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600");
  CHECK(in.body == R"({"accessToken":"token","seconds":3600})");
  const auto refresh = [&world](std::vector<std::string> headers) {
    return world.Send("POST", "/v1/toys:refresh", "", std::move(headers));
  };
  const std::string cookie = "Cookie: a=b; toy=family1.secret1";
  CHECK(CodeOf(refresh({cookie})) == "CSRF_REJECTED");
  const std::string own = "X-CloudPOS-Request: 1";
  CHECK(CodeOf(refresh({cookie, own, "Sec-Fetch-Site: cross-site"})) == "CSRF_REJECTED");
  CHECK(CodeOf(refresh({cookie, own, "Origin: http://evil.example"})) == "CSRF_REJECTED");
  CHECK(refresh({cookie, own, "Origin: http://localhost", "Sec-Fetch-Site: same-origin"}).status ==
        200);
  CHECK(refresh({cookie, own}).Header("Set-Cookie") ==
        "toy=family1.secret2; Path=/; HttpOnly; SameSite=Strict");
  CHECK(refresh({"Cookie: toy=family1.end", own}).Header("Set-Cookie") ==
        "toy=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  CHECK(CodeOf(refresh({"Cookie: toy=old", own})) == "REFRESH_REUSED");
}

TEST_CASE("Gateway: a stream becomes server-sent events", "[gateway][integration]") {
  World world(Generous());
  const HttpReply reply = world.Send("GET", "/v1/countdown?from=2", "", {world.Token({})});
  CHECK(reply.status == 200);
  CHECK(reply.Header("Content-Type") == "text/event-stream");
  CHECK(reply.body ==
        ":\n\ndata: {\"left\":2}\n\ndata: {\"left\":1}\n\ndata: {\"left\":0}\n\n"
        "event: end\ndata: {}\n\n");
  const HttpReply failed = world.Send("GET", "/v1/countdown?from=13", "", {world.Token({})});
  CHECK(failed.body.find("event: error\ndata: {\"type\":\"urn:cloudpos:problem:conflict\"") !=
        std::string::npos);
  const HttpReply ended = world.Send("GET", "/v1/countdown?from=1000&pauseMs=100", "",
                                     {world.Token({}, absl::Seconds(2))});
  CHECK(ended.body.find("event: end") != std::string::npos);
  CHECK(CodeOf(world.Send("GET", "/v1/countdown")) == "UNAUTHENTICATED");
}

TEST_CASE("Gateway: an event stream does not hold up a shutdown", "[gateway][integration]") {
  World world(Generous());
  HttpClient client(world.port());
  client.Send(World::Format("GET", "/v1/countdown?from=100000&pauseMs=20", "", {world.Token({})}));
  REQUIRE(client.ReadSome(std::chrono::milliseconds(2000)));
  const auto begin = std::chrono::steady_clock::now();
  world.server->Stop(std::chrono::milliseconds(10000));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  CHECK(client.ReadAll().find("event: end\ndata: {}\n\n") != std::string::npos);
}

TEST_CASE("Gateway: a client's bytes never make a 5xx", "[gateway][integration]") {
  World world(Generous());
  std::mt19937 random(20260105);
  const std::string token = world.Token({CATALOGUE_READ, CATALOGUE_WRITE});
  const std::vector<std::string> seeds = {
      World::Format("POST", "/v1/toys", R"({"toyId":"t","name":"n","tags":["a"],"parts":[{}]})",
                    {token}),
      World::Format("GET", "/v1/toys?pageSize=5&filter.namePrefix=a&since=2026-01-05T10:00:00Z", "",
                    {token}),
      World::Format("POST", "/v1/toys:refresh", "", {"Cookie: toy=a.b", "X-CloudPOS-Request: 1"}),
      World::Format("GET", "/v1/countdown?from=1", "", {token, "X-Forwarded-For: 1.2.3.4"})};
  for (int i = 0; i < 3000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (auto n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random());
      } else {
        text.insert(at, text.substr(random() % text.size(), random() % 10));
      }
    }
    HttpClient client(world.port());
    client.Send(text);
    client.Shutdown();  // so that an unfinished request ends at once
    const HttpReply reply = client.ReadReply(false, std::chrono::milliseconds(2000));
    INFO(text << "\n-> " << reply.body);
    REQUIRE((reply.status < 500 || reply.status == 501));  // 501: a method nobody knows
  }
}

TEST_CASE("Gateway: pages of its own", "[gateway][integration]") {
  World world(Generous());
  CHECK(world.Send("GET", "/healthz").body == R"({"status":"ok"})");
  CHECK(world.Send("GET", "/").body.find("/api-docs/") != std::string::npos);
  CHECK(world.Send("GET", "/openapi.json").body.find("\"/v1/toys/{toyId}:break\"") !=
        std::string::npos);
  CHECK(world.Send("GET", "/metrics").status == 404);
  HttpReply ready;
  for (int i = 0; i < 50 && ready.status != 200; ++i) {
    world.upstreams["toy"]->CheckHealth();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ready = world.Send("GET", "/readyz");
  }
  CHECK(ready.body == R"({"status":"ok","parts":{"identity":"ok","toy":"ok"}})");
  world.has_keys = false;
  CHECK(world.Send("GET", "/readyz").status == 503);
}

TEST_CASE("Gateway: a dead upstream answers 503, then at once", "[gateway][integration]") {
  WorldOptions options = Generous();
  options.has_service = false;
  options.admission.calls_min = 3;
  World world(options);
  for (int i = 0; i < 3; ++i) CHECK(world.Send("POST", "/v1/echo", "{}").status >= 503);
  const HttpReply refused = world.Send("POST", "/v1/echo", "{}");
  CHECK(refused.status == 503);
  CHECK(CodeOf(refused) == "UNAVAILABLE");
  CHECK_FALSE(refused.Header("Retry-After").empty());
}

TEST_CASE("Gateway: when there is too much to do, the less important is refused at the door",
          "[gateway][integration]") {
  WorldOptions options = Generous();
  const bool is_upstream_full = GENERATE(false, true);
  INFO(is_upstream_full);
  (is_upstream_full ? options.admission.in_flight : options.gateway.requests_max) = 2;
  World world(options);
  HttpReply slow;
  std::thread waiting([&] { slow = world.Send("POST", "/v1/echo", R"({"text":"held"})"); });
  // While it is worked on: others of its kind are not even read, a more important one is served.
  HttpReply refused;
  for (int i = 0; i < 1000 && refused.status != 503; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    refused = world.Send("POST", "/v1/echo", "no JSON");
  }
  CHECK(CodeOf(refused) == "OVERLOADED");
  CHECK(refused.Header("Retry-After") == "1");
  CHECK(CodeOf(world.Send("POST", "/v1/echo", "no JSON")) == "OVERLOADED");
  const std::string token = world.Token({CATALOGUE_WRITE});
  CHECK(world.Send("POST", "/v1/toys", R"({"toyId":"t1","name":"Kite"})", {token}).status == 201);
  world.service.Release();
  waiting.join();
  CHECK(slow.status == 200);
  CHECK(world.Send("POST", "/v1/echo", "no JSON").status == 400);
  CHECK(world.Send("POST", "/v1/echo", "{}").status == 200);
}

/// For a load generator: POST /v1/toys with the token printed, for half a minute.
TEST_CASE("Gateway: serves for half a minute", "[gateway][.bench]") {
  WorldOptions options = Generous();
  options.gateway.rates.write = {1e6, 1000000};
  World world(options);
  std::cerr << "port " << world.port() << "\n"
            << world.Token({CATALOGUE_WRITE}, absl::Minutes(9)) << "\n";
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  std::this_thread::sleep_for(std::chrono::seconds(30));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::cerr << "cpu "
            << seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
                   seconds(before.ru_stime)
            << " s\n";
}

}  // namespace
}  // namespace cloudpos::gateway
