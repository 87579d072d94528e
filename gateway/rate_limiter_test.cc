#include "gateway/rate_limiter.h"

#include <catch2/catch.hpp>

#include "gateway/admission.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/testing/database.h"

namespace cloudpos::gateway {
namespace {

int TakeMany(RateLimiter& limiter, const std::string& key, const BucketLimit& limit, int n) {
  int allowed = 0;
  for (int i = 0; i < n; ++i) allowed += limiter.Take(key, limit).is_allowed ? 1 : 0;
  return allowed;
}

TEST_CASE("RateLimiter: the burst, then the rate", "[gateway]") {
  base::FakeClock clock;
  RateLimiter limiter(clock, nullptr);
  const BucketLimit limit{10, 10};
  CHECK(TakeMany(limiter, "a", limit, 30) == 10);
  const LimitVerdict refused = limiter.Take("a", limit);
  CHECK_FALSE(refused.is_allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after == absl::Milliseconds(100));
  clock.Advance(absl::Milliseconds(100));
  CHECK(TakeMany(limiter, "a", limit, 5) == 1);
  clock.Advance(absl::Seconds(1));
  CHECK(TakeMany(limiter, "a", limit, 30) == 10);
  CHECK(TakeMany(limiter, "b", limit, 3) == 3);
}

TEST_CASE("RateLimiter: a clock that goes back refuses nobody for long", "[gateway]") {
  base::FakeClock clock;
  RateLimiter limiter(clock, nullptr);
  const BucketLimit limit{10, 10};
  CHECK(TakeMany(limiter, "a", limit, 5) == 5);
  clock.Advance(-absl::Hours(1));
  CHECK(TakeMany(limiter, "a", limit, 5) == 0);
  clock.Advance(absl::Seconds(1));
  CHECK(TakeMany(limiter, "a", limit, 30) == 10);
}

TEST_CASE("RateLimiter: looking takes nothing", "[gateway]") {
  base::FakeClock clock;
  RateLimiter limiter(clock, nullptr);
  const BucketLimit limit{1, 2};
  for (int i = 0; i < 10; ++i) CHECK(limiter.Peek("a", limit).is_allowed);
  CHECK(TakeMany(limiter, "a", limit, 5) == 2);
  CHECK_FALSE(limiter.Peek("a", limit).is_allowed);
}

TEST_CASE("RateLimiter: memory is bounded, the oldest entries go", "[gateway]") {
  base::FakeClock clock;
  RateLimiter limiter(clock, nullptr, 100);
  const BucketLimit limit{1, 1};
  for (int i = 0; i < 1000; ++i) limiter.Take(std::to_string(i), limit);
  for (int i = 0; i < 1000; ++i) limiter.TakeFromMinute(std::to_string(i), 5);
  CHECK(limiter.size() <= 200);
  CHECK_FALSE(limiter.Take("999", limit).is_allowed);
}

TEST_CASE("RateLimiter: sign-in without Redis is limited all the same", "[gateway]") {
  base::FakeClock clock;
  RateLimiter limiter(clock, nullptr);
  int allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += limiter.TakeFromMinute("a", 5).is_allowed ? 1 : 0;
  CHECK(allowed == 5);
  const LimitVerdict refused = limiter.TakeFromMinute("a", 5);
  CHECK(refused.retry_after > absl::ZeroDuration());
  CHECK(refused.retry_after <= absl::Minutes(1));
  // Half of the last minute still counts half a minute later.
  clock.Advance(absl::Seconds(90));
  allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += limiter.TakeFromMinute("a", 5).is_allowed ? 1 : 0;
  CHECK(allowed == 2);
}

TEST_CASE("RateLimiter: replicas share one limit through Redis", "[gateway][redis]") {
  base::FakeClock clock;
  const redis::Options options{.url = testing::RedisUrl(), .timeout = std::chrono::seconds(2)};
  const auto one = *redis::Client::Create(options);
  const auto two = *redis::Client::Create(options);
  RateLimiter a(clock, one.get());
  RateLimiter b(clock, two.get());
  const std::string key = base::RandomIdSource().NewId().ToString();
  const BucketLimit limit{1, 10};
  CHECK(TakeMany(a, key, limit, 4) == 4);
  CHECK(TakeMany(b, key, limit, 4) == 4);
  a.Exchange();
  b.Exchange();
  // The first exchange only learns the count; from the second on, others' calls are taken too.
  CHECK(TakeMany(a, key, limit, 1) == 1);
  CHECK(TakeMany(b, key, limit, 1) == 1);
  a.Exchange();
  b.Exchange();
  const int left = TakeMany(a, key, limit, 10);
  CHECK(left < 5);
  CHECK(left > 0);

  int allowed = 0;
  for (int i = 0; i < 10; ++i) {
    allowed += (i % 2 == 0 ? a : b).TakeFromMinute(key, 5).is_allowed ? 1 : 0;
  }
  CHECK(allowed == 5);
}

TEST_CASE("RateLimiter: a Redis that is away leaves the local limit", "[gateway]") {
  base::FakeClock clock;
  const auto client = *redis::Client::Create({.url = "redis://127.0.0.1:1"});
  RateLimiter limiter(clock, client.get());
  CHECK(TakeMany(limiter, "a", {10, 10}, 30) == 10);
  limiter.Exchange();
  CHECK_FALSE(limiter.Take("a", {10, 10}).is_allowed);
  int allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += limiter.TakeFromMinute("a", 5).is_allowed ? 1 : 0;
  CHECK(allowed == 5);
}

TEST_CASE("Admission: important calls have room that others have not", "[gateway]") {
  base::FakeClock clock;
  Admission admission({.in_flight = 10}, clock);
  const auto admit = [&admission](int priority, int n) {
    int admitted = 0;
    for (int i = 0; i < n; ++i) admitted += admission.Admit(priority).ok() ? 1 : 0;
    return admitted;
  };
  CHECK(admit(0, 20) == 5);
  CHECK(admit(1, 20) == 2);
  CHECK(admission.IsFull(1));
  CHECK_FALSE(admission.IsFull(3));
  CHECK(admit(3, 20) == 3);
  CHECK(admission.IsFull(3));
  const absl::Status refused = admission.Admit(3);
  CHECK(base::CodeOf(refused) == common::v1::OVERLOADED);
  CHECK(base::InfoOf(refused).retry_after);
  admission.Done(false);
  CHECK(admit(3, 1) == 1);
}

TEST_CASE("Admission: the circuit opens, lets one probe through, and closes", "[gateway]") {
  base::FakeClock clock;
  Admission admission({.calls_min = 4}, clock);
  const auto call = [&admission](bool is_failure) {
    const bool is_admitted = admission.Admit(2).ok();
    if (is_admitted) admission.Done(is_failure);
    return is_admitted;
  };
  CHECK(call(false));
  CHECK(call(false));
  CHECK(call(true));
  CHECK(call(true));  // half of four
  CHECK_FALSE(call(false));
  CHECK(base::CodeOf(admission.Admit(3)) == common::v1::UNAVAILABLE);
  clock.Advance(absl::Seconds(5));
  REQUIRE(admission.Admit(2).ok());  // the probe
  CHECK_FALSE(admission.Admit(2).ok());
  admission.Done(true);
  CHECK_FALSE(call(false));
  clock.Advance(absl::Seconds(5));
  CHECK(call(false));
  CHECK(call(true));
  CHECK(call(false));
}

TEST_CASE("Admission: a healthy upstream closes the circuit at once", "[gateway]") {
  base::FakeClock clock;
  Admission admission({.calls_min = 1}, clock);
  REQUIRE(admission.Admit(2).ok());
  admission.Done(true);
  REQUIRE_FALSE(admission.Admit(2).ok());
  admission.Close();
  CHECK(admission.Admit(2).ok());
  CHECK(admission.Admit(2).ok());
}

TEST_CASE("Admission: failures long ago do not count", "[gateway]") {
  base::FakeClock clock;
  Admission admission({.calls_min = 4}, clock);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(admission.Admit(2).ok());
    admission.Done(true);
  }
  clock.Advance(absl::Seconds(11));
  REQUIRE(admission.Admit(2).ok());
  admission.Done(true);
  CHECK(admission.Admit(2).ok());
}

}  // namespace
}  // namespace cloudpos::gateway
