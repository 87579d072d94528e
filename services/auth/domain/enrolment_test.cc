#include "services/auth/domain/enrolment.h"

#include <set>

#include "catch2/catch.hpp"
#include "libs/base/clock.h"

namespace cloudpos::auth {
namespace {

const base::Uuid kDevice = *base::Uuid::Parse("0190a8a1-0000-7000-8000-000000000001");
const base::Uuid kOther = *base::Uuid::Parse("0190a8a1-0000-7000-8000-000000000002");
const std::string kNonce(kNonceBytes, 'n');

}  // namespace

TEST_CASE("Enrolment codes: forty bits in characters that nobody confuses", "[auth][domain]") {
  CHECK(MakeEnrolmentCode(std::string(5, '\0')) == "0000-0000");
  CHECK(MakeEnrolmentCode(std::string(5, '\xff')) == "ZZZZ-ZZZZ");
  CHECK(MakeEnrolmentCode(std::string("\x00\x44\x32\x14\xc7", 5)) == "0123-4567");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string code = MakeEnrolmentCode(base::RandomBytes(kCodeBytes));
    seen.insert(code);
    REQUIRE(code.size() == 9);
    REQUIRE(NormalizeEnrolmentCode(code) == code);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("Enrolment codes: read as people type them", "[auth][domain]") {
  CHECK(NormalizeEnrolmentCode("7k3mq0xp") == "7K3M-Q0XP");
  CHECK(NormalizeEnrolmentCode(" 7k3m - qOxp ") == "7K3M-Q0XP");
  CHECK(NormalizeEnrolmentCode("iIlL-oO00") == "1111-0000");
  for (const char* bad :
       {"", "-", "7K3M-Q0X", "7K3M-Q0XPP", "7K3M-Q0XU", "7K3M-Q0X!", "7K3M\nQ0XP"}) {
    INFO(bad);
    CHECK(!NormalizeEnrolmentCode(bad));
  }
}

TEST_CASE("DecideEnrolment: once, in time, for a device that still counts", "[auth][domain]") {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const EnrolmentCode fresh{.tenant_id = kOther,
                            .device_id = kDevice,
                            .created_by = kOther,
                            .expires_at = now + absl::Seconds(1),
                            .public_key = {}};
  EnrolmentCode used = fresh;
  used.public_key = "key";
  CHECK(DecideEnrolment(fresh, false, "key", now) == EnrolmentDecision::kEnrol);
  CHECK(DecideEnrolment(used, false, "key", now) == EnrolmentDecision::kReplay);
  CHECK(DecideEnrolment(used, false, "other", now) == EnrolmentDecision::kRefuse);
  CHECK(DecideEnrolment(std::nullopt, false, "key", now) == EnrolmentDecision::kRefuse);
  CHECK(DecideEnrolment(fresh, true, "key", now) == EnrolmentDecision::kRefuse);
  CHECK(DecideEnrolment(used, true, "key", now) == EnrolmentDecision::kRefuse);
  const absl::Time end = fresh.expires_at;
  CHECK(DecideEnrolment(fresh, false, "key", end) == EnrolmentDecision::kRefuse);
  CHECK(DecideEnrolment(used, false, "key", end) == EnrolmentDecision::kRefuse);
}

TEST_CASE("Challenges: for one device, for a while, of one secret", "[auth][domain]") {
  const absl::Time end = absl::FromUnixMicros(1'700'000'000'123'456);
  const absl::Time before = end - absl::Microseconds(1);
  const std::string challenge = MakeChallenge("secret", kDevice, end, kNonce);
  CHECK(IsChallengeFor("secret", kDevice, challenge, before));
  CHECK(!IsChallengeFor("secret", kDevice, challenge, end));
  CHECK(!IsChallengeFor("secret", kOther, challenge, before));
  CHECK(!IsChallengeFor("other", kDevice, challenge, before));
  CHECK(!IsChallengeFor("secret", kDevice, "", before));
  CHECK(!IsChallengeFor("secret", kDevice, challenge + "x", before));
  for (size_t i = 0; i < challenge.size(); ++i) {
    std::string changed = challenge;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(!IsChallengeFor("secret", kDevice, changed, before));
  }
  CHECK(challenge != MakeChallenge("secret", kDevice, end, std::string(kNonceBytes, 'm')));
}

}  // namespace cloudpos::auth
