// Load, time and endings, through a real server.

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>

#include "libs/metrics/metrics.h"
#include "libs/rpc/toy_test.h"

namespace cloudpos::rpc {
namespace {

using namespace common::v1;

ToyRequest Held() {
  ToyRequest request;
  request.set_text("held");
  return request;
}

void Release(Toy& toy) {
  toy.handler.is_released = true;
  toy.handler.is_released.notify_all();
}

/// A call on a thread of its own.
std::future<absl::Status> Start(Toy& toy, const char* method, const ToyRequest& request = {}) {
  return std::async(std::launch::async, [&toy, method, request, metadata = toy.Metadata()] {
    return toy.Call(method, metadata, request);
  });
}

template <typename F>
bool Eventually(F&& condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace

TEST_CASE("Server: errors arrive with reason, fields, hint, data and retry delay", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_fail("RATE_LIMITED");
  const absl::Status status = toy.Call("Echo", toy.Metadata(), request);
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  const base::ErrorInfo info = base::InfoOf(status);
  CHECK(info.code == RATE_LIMITED);
  CHECK(info.detail == "as asked");
  CHECK(info.hint == "ask otherwise");
  REQUIRE(info.fields.size() == 1);
  CHECK(info.fields[0].field == "lines[0].text");
  REQUIRE(info.data.size() == 1);
  CHECK(info.data[0] == std::pair<std::string, std::string>("head", "17"));
  CHECK(info.retry_after == std::chrono::milliseconds(2500));
}

TEST_CASE("Server: internal texts and exceptions stay inside", "[rpc]") {
  Toy toy;
  for (const char* kind : {"throw", "raw"}) {
    ToyRequest request;
    request.set_fail(kind);
    const absl::Status status = toy.Call("Echo", toy.Metadata(), request);
    CHECK(base::CodeOf(status) == INTERNAL);
    CHECK(status.ToString().find("secret") == std::string::npos);
  }
}

TEST_CASE("Server: a quick handler answers at once, later, or not at all", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_sale_id(base::RandomIdSource().NewId().ToString());
  const auto text_of = [&](const char* text) {
    request.set_text(text);
    ToyResponse response;
    const absl::Status status = toy.Call("Create", toy.Metadata(), request, &response);
    return status.ok() ? response.text() : std::string(status.message());
  };
  CHECK(text_of("quick now") == "taken");
  CHECK(text_of("quick later") == "taken");
  CHECK(toy.handler.calls == 0);
  CHECK(text_of("quick again") == "quick again");
  CHECK(text_of("slow") == "slow");
  CHECK(toy.handler.calls == 2);
  CHECK(toy.handler.quick_calls == 3);
  CHECK(text_of("quick throw") == "quick throw");
  CHECK(toy.handler.calls == 3);
  CHECK(toy.handler.quick_calls == 4);
  request.set_text("quick refusal");
  CHECK(toy.CodeOfCall("Create", toy.Metadata(), request) == NOT_FOUND);
  request.set_sale_id("");
  CHECK(toy.CodeOfCall("Create", toy.Metadata(), request) == IDEMPOTENCY_KEY_REQUIRED);
  CHECK(toy.handler.quick_calls == 5);
}

TEST_CASE("Server: a full queue refuses, with a delay, and prefers what is urgent", "[rpc]") {
  Toy toy({.workers = 1, .queue = 2});
  toy.CodeOfCall("Echo", toy.Metadata());  // connect first
  auto held = Start(toy, "Echo", Held());
  REQUIRE(Eventually([&] { return toy.handler.calls == 2; }));
  std::vector<std::future<absl::Status>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Start(toy, "Echo"));  // two wait, one is refused
  const auto refused = [&] {
    return std::count_if(calls.begin(), calls.end(), [](std::future<absl::Status>& call) {
      return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    });
  };
  REQUIRE(Eventually([&] { return refused() == 1; }));
  auto urgent = Start(toy, "Urgent");  // takes the place of one that waits
  REQUIRE(Eventually([&] { return refused() == 2; }));
  Release(toy);
  CHECK(held.get().ok());
  CHECK(urgent.get().ok());
  int overloaded = 0;
  for (auto& call : calls) {
    const absl::Status status = call.get();
    if (status.ok()) continue;
    CHECK(base::CodeOf(status) == OVERLOADED);
    CHECK(base::InfoOf(status).retry_after.has_value());
    ++overloaded;
  }
  CHECK(overloaded == 2);
}

TEST_CASE("Server: deadlines are capped, shaved and refused when too short", "[rpc]") {
  Toy toy({.deadline_max = std::chrono::milliseconds(2000)});
  ToyResponse response;
  CallMetadata metadata = toy.Metadata();
  metadata.deadline = toy.clock.Now() + absl::Minutes(5);
  REQUIRE(toy.Call("Echo", metadata, ToyRequest(), &response).ok());
  CHECK(response.milliseconds_left() <= 1980);
  CHECK(response.milliseconds_left() > 0);
  const int before = toy.handler.calls;
  metadata.deadline = toy.clock.Now() + absl::Milliseconds(12);
  CHECK(toy.CodeOfCall("Echo", metadata) == DEADLINE_EXCEEDED);
  CHECK(toy.handler.calls == before);
}

TEST_CASE("Server: a call whose time is up in the queue does not run", "[rpc]") {
  Toy toy({.workers = 1});
  toy.CodeOfCall("Echo", toy.Metadata());
  auto first = Start(toy, "Echo", Held());
  REQUIRE(Eventually([&] { return toy.handler.calls == 2; }));
  CallMetadata short_lived = toy.Metadata();
  short_lived.deadline = toy.clock.Now() + absl::Milliseconds(100);
  CHECK(toy.CodeOfCall("Echo", short_lived) == DEADLINE_EXCEEDED);
  Release(toy);
  CHECK(first.get().ok());
  CHECK(toy.CodeOfCall("Echo", toy.Metadata()) == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.handler.calls == 3);
}

TEST_CASE("Server: messages beyond 8 MiB are refused, both ways round", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_blob(std::string(9 << 20, 'x'));
  CHECK(toy.CodeOfCall("Echo", toy.Metadata(), request) == LIMIT_EXCEEDED);
  request.clear_blob();
  request.set_text("huge");
  CHECK(toy.CodeOfCall("Echo", toy.Metadata(), request) == INTERNAL);
  request.set_count(2);
  ToyResponse message;
  const absl::Status status = ReadStream(toy.Channel("gateway"), Path("Count"), toy.Metadata(),
                                         request, &message, [] { return absl::OkStatus(); });
  CHECK(base::CodeOf(status) == INTERNAL);
}

TEST_CASE("Server: streams arrive in order and end", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_count(5000);
  ToyResponse message;
  int seen = 0;
  const absl::Status status =
      ReadStream(toy.Channel("gateway"), Path("Count"), toy.Metadata(), request, &message, [&] {
        CHECK(message.number() == seen);
        ++seen;
        return absl::OkStatus();
      });
  CHECK(status.ok());
  CHECK(seen == 5000);
}

TEST_CASE("Server: a stream's handler notices that the caller has gone", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_count(-1);
  ToyResponse message;
  int seen = 0;
  const absl::Status status =
      ReadStream(toy.Channel("gateway"), Path("Count"), toy.Metadata(), request, &message,
                 [&] { return ++seen < 10 ? absl::OkStatus() : absl::CancelledError("enough"); });
  CHECK(status.message() == "enough");
  CHECK(Eventually([&] { return toy.handler.streams_ended == 1; }));
  CHECK(toy.handler.last_was_cut);
}

TEST_CASE("Server: a stream ends with its token", "[rpc]") {
  Toy toy;
  ToyRequest request;
  request.set_count(-1);
  request.set_sleep_ms(20);
  const absl::Duration age = absl::Minutes(4);
  const std::string token = toy.Token(Person(), age, age + absl::Seconds(2));
  ToyResponse message;
  const absl::Status status = ReadStream(toy.Channel("gateway"), Path("Mine"), toy.Metadata(token),
                                         request, &message, [] { return absl::OkStatus(); });
  CHECK(base::CodeOf(status) == DEADLINE_EXCEEDED);
  CHECK(Eventually([&] { return toy.handler.streams_ended == 1; }));
}

TEST_CASE("Server: no more streams at once than allowed, and unary calls go on", "[rpc]") {
  Toy toy({.streams = 1});
  ToyRequest request;
  request.set_count(-1);
  ToyResponse message;
  const absl::Status outer =
      ReadStream(toy.Channel("gateway"), Path("Count"), toy.Metadata(), request, &message, [&] {
        ToyResponse second;
        const absl::Status status =
            ReadStream(toy.Channel("gateway"), Path("Count"), toy.Metadata(), request, &second,
                       [] { return absl::OkStatus(); });
        CHECK(base::CodeOf(status) == OVERLOADED);
        CHECK(toy.CodeOfCall("Echo", toy.Metadata()) == ERROR_CODE_UNSPECIFIED);
        return absl::CancelledError("enough");
      });
  CHECK(outer.message() == "enough");
}

TEST_CASE("Server: drains: what runs is finished, streams are told, new calls are refused",
          "[rpc]") {
  Toy toy({.drain = std::chrono::milliseconds(10000)});
  const CallMetadata metadata = toy.Metadata();
  toy.CodeOfCall("Echo", metadata);
  auto running = Start(toy, "Echo", Held());
  std::atomic<bool> is_streaming{false};
  auto stream = std::async(std::launch::async, [&] {
    ToyRequest request;
    request.set_count(-1);
    request.set_sleep_ms(20);
    ToyResponse message;
    return ReadStream(toy.Channel("gateway"), Path("Count"), metadata, request, &message, [&] {
      is_streaming = true;
      return absl::OkStatus();
    });
  });
  REQUIRE(Eventually([&] { return toy.handler.calls == 2 && is_streaming; }));
  const auto begin = std::chrono::steady_clock::now();
  toy.server->Stop();
  const std::jthread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    Release(toy);
  });
  toy.server->Wait();
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took < std::chrono::milliseconds(8000));
  CHECK(running.get().ok());
  CHECK(base::CodeOf(stream.get()) == UNAVAILABLE);
  CHECK(toy.CodeOfCall("Echo", toy.Metadata()) == UNAVAILABLE);
}

TEST_CASE("Server: metrics name method and code", "[rpc]") {
  Toy toy;
  toy.CodeOfCall("Echo", toy.Metadata());
  const std::string text = metrics::Render();
  using Catch::Contains;
  CHECK_THAT(text,
             Contains("cloudpos_toy_rpc_seconds_count{code=\"OK\",method=\"ToyService/Echo\"}"));
  CHECK_THAT(text, Contains("cloudpos_toy_rpc_in_flight 0"));
}

}  // namespace cloudpos::rpc
