// Fields, lockout, sessions, page tokens, versions.

#include "catch2/catch.hpp"
#include "libs/base/error.h"
#include "services/auth/domain/fields.h"
#include "services/auth/domain/lockout.h"
#include "services/auth/domain/organisation.h"
#include "services/auth/domain/session.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes
using base::CodeOf;

const absl::Time kNow = absl::FromUnixSeconds(1'770'000'000);

Store GoodStore() {
  Store store;
  store.code = "S1";
  store.name = "High Street";
  store.time_zone = "Europe/London";
  store.currency_code = "GBP";
  return store;
}

}  // namespace

TEST_CASE("NormalizeEmail: one form for each address", "[auth][domain]") {
  struct Row {
    std::string text;
    std::string expected;  // empty: refused
  };
  const Row rows[] = {
      {"a@b.co", "a@b.co"},
      {" Mixed.Case+tag@Example.COM\t", "mixed.case+tag@example.com"},
      {"a@b", ""},
      {"@b.co", ""},
      {"a@", ""},
      {"a@@b.co", ""},
      {"a b@c.co", ""},
      {"a@-b.co", ""},
      {"a@b-.co", ""},
      {"a@b..co", ""},
      {"a@b.co.", ""},
      {"a,b@c.co", ""},
      {std::string(64, 'a') + "@b.co", std::string(64, 'a') + "@b.co"},
      {std::string(65, 'a') + "@b.co", ""},
      {"a@" + std::string(63, 'b') + ".co", "a@" + std::string(63, 'b') + ".co"},
      {"a@" + std::string(64, 'b') + ".co", ""},
      {std::string("a\xff@b.co"), ""},
      {std::string("a\0@b.co", 7), ""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto email = NormalizeEmail(row.text, "email");
    CHECK(email.ok() == !row.expected.empty());
    if (email.ok()) CHECK(*email == row.expected);
  }
  CHECK(CodeOf(NormalizeEmail(" ", "email").status()) == FIELD_REQUIRED);
}

TEST_CASE("CheckName, CheckCode, CheckSlug: boundaries", "[auth][domain]") {
  CHECK(CodeOf(CheckName("", "name")) == FIELD_REQUIRED);
  CHECK(CheckName("x", "name").ok());
  CHECK(CheckName(std::string(120, 'x'), "name").ok());
  CHECK(CodeOf(CheckName(std::string(121, 'x'), "name")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckName(" x", "name")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckName("a\nb", "name")) == INVALID_ARGUMENT);
  CHECK(CheckName("Café Zoë", "name").ok());
  CHECK(CheckLines("a\nb", "text", 3).ok());
  CHECK(CodeOf(CheckLines("a\nbc", "text", 3)) == INVALID_ARGUMENT);
  CHECK(CheckCode("ABCDEFGH12", "code").ok());
  CHECK(CodeOf(CheckCode("ABCDEFGH123", "code")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckCode("a1", "code")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckCode("", "code")) == FIELD_REQUIRED);
  CHECK(CheckSlug("a-1", "slug").ok());
  CHECK(CodeOf(CheckSlug("a", "slug")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckSlug("-a", "slug")) == INVALID_ARGUMENT);
  CHECK(CodeOf(CheckSlug("A1", "slug")) == INVALID_ARGUMENT);
}

TEST_CASE("CheckStore: refusals, in the order of the contract", "[auth][domain]") {
  struct Row {
    const char* field;
    void (*change)(Store&);
    ErrorCode code;
  };
  const Row rows[] = {
      {"code", [](Store& s) { s.code = ""; s.name = ""; }, FIELD_REQUIRED},
      {"name", [](Store& s) { s.name = ""; }, FIELD_REQUIRED},
      {"timeZone", [](Store& s) { s.time_zone = ""; }, FIELD_REQUIRED},
      {"timeZone", [](Store& s) { s.time_zone = "Mars/Base"; }, INVALID_ARGUMENT},
      {"currencyCode", [](Store& s) { s.currency_code = "XXQ"; }, INVALID_ARGUMENT},
      {"cutoffMinutes", [](Store& s) { s.cutoff_minutes = -1; }, OUT_OF_RANGE},
      {"cutoffMinutes", [](Store& s) { s.cutoff_minutes = 1440; }, OUT_OF_RANGE},
      {"address.countryCode", [](Store& s) { s.address.country_code = "gb"; }, INVALID_ARGUMENT},
      {"receiptHeader", [](Store& s) { s.receipt_header = std::string(2001, 'x'); },
       INVALID_ARGUMENT},
      {"phone", [](Store& s) { s.phone = std::string(41, '1'); }, INVALID_ARGUMENT},
  };
  for (const Row& row : rows) {
    Store store = GoodStore();
    row.change(store);
    const absl::Status status = CheckStore(store);
    INFO(row.field << " " << status);
    CHECK(CodeOf(status) == row.code);
    REQUIRE(base::InfoOf(status).fields.size() == 1);
    CHECK(base::InfoOf(status).fields[0].field == row.field);
  }
  Store last = GoodStore();
  last.cutoff_minutes = 1439;
  CHECK(CheckStore(last).ok());
}

TEST_CASE("Apply: present fields replace, the rest stays", "[auth][domain]") {
  Store store = GoodStore();
  store.phone = "1";
  const auto changed = Apply(store, StoreChange{.code = {}, .name = "Low Street", .time_zone = {},
                                                .cutoff_minutes = 240, .address = {},
                                                .receipt_header = {}, .receipt_footer = {},
                                                .tax_number = {}, .phone = ""});
  REQUIRE(changed.ok());
  CHECK(changed->name == "Low Street");
  CHECK(changed->cutoff_minutes == 240);
  CHECK(changed->phone.empty());
  CHECK(changed->code == "S1");
}

TEST_CASE("CheckVersion: names the current one", "[auth][domain]") {
  CHECK(CheckVersion(3, 3).ok());
  CHECK(CodeOf(CheckVersion(3, 0)) == FIELD_REQUIRED);
  const absl::Status stale = CheckVersion(3, 2);
  CHECK(CodeOf(stale) == STALE_VERSION);
  REQUIRE(base::InfoOf(stale).data.size() == 1);
  CHECK(base::InfoOf(stale).data[0].second == "3");
}

TEST_CASE("AfterFailure: five free, then delays that double up to the maximum", "[auth][domain]") {
  const LockoutRules rules;
  LoginFailures state;
  const int expected[] = {0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900};
  absl::Time now = kNow;
  for (const int seconds : expected) {
    state = AfterFailure(state, rules, now);
    const auto wait = WaitBeforeLogin(state, now);
    CHECK(wait.value_or(absl::ZeroDuration()) == absl::Seconds(seconds));
    now += absl::Seconds(seconds) + absl::Seconds(1);
    CHECK(!WaitBeforeLogin(state, now));
  }
  state = AfterFailure(state, rules, now + rules.memory + absl::Seconds(1));
  CHECK(state.failures == 1);
  LoginFailures many{.failures = 1'000'000, .last_failed_at = kNow, .locked_until = kNow};
  CHECK(AfterFailure(many, rules, kNow).locked_until == kNow + rules.delay_max);
}

TEST_CASE("DecideRefresh: refusals, in the order of the contract", "[auth][domain]") {
  const SessionRules rules;
  const RefreshState good{.found = true,
                          .used = false,
                          .raced = false,
                          .session_revoked = false,
                          .session_expires_at = kNow + absl::Seconds(1),
                          .session_last_used_at = kNow - rules.idle};
  struct Row {
    const char* name;
    void (*change)(RefreshState&);
    RefreshDecision expected;
  };
  const Row rows[] = {
      {"unknown", [](RefreshState& s) { s = {}; }, RefreshDecision::kUnknown},
      {"revoked and reused", [](RefreshState& s) { s.session_revoked = s.used = true; },
       RefreshDecision::kRevoked},
      {"over", [](RefreshState& s) { s.session_expires_at = kNow; s.used = true; },
       RefreshDecision::kExpired},
      {"idle", [](RefreshState& s) { s.session_last_used_at -= absl::Nanoseconds(1); },
       RefreshDecision::kExpired},
      {"raced", [](RefreshState& s) { s.used = s.raced = true; }, RefreshDecision::kRaced},
      {"reused", [](RefreshState& s) { s.used = true; }, RefreshDecision::kReused},
      {"good", [](RefreshState&) {}, RefreshDecision::kRotate},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    RefreshState state = good;
    row.change(state);
    CHECK(DecideRefresh(state, rules, kNow) == row.expected);
  }
}

TEST_CASE("IssueTime: a token of the second of a change outlives it", "[auth][domain]") {
  const absl::Time changed = kNow + absl::Milliseconds(300);
  const absl::Time not_before = NotBeforeFor(changed);
  const auto issued_s = [](absl::Time t) { return absl::FromUnixSeconds(absl::ToUnixSeconds(t)); };
  CHECK(issued_s(IssueTime(kNow, absl::UnixEpoch())) < not_before);  // made before: refused
  CHECK(issued_s(IssueTime(changed + absl::Milliseconds(1), not_before)) >= not_before);
  CHECK(NotBeforeFor(kNow) > kNow);
}

TEST_CASE("ParseRefreshToken: only what was made", "[auth][domain]") {
  const base::Uuid tenant = *base::Uuid::Parse("018f0000-0000-7000-8000-000000000001");
  const std::string token = MakeRefreshToken(tenant, std::string(32, 's'));
  const auto parsed = ParseRefreshToken(token);
  REQUIRE(parsed.ok());
  CHECK(parsed->tenant == tenant);
  CHECK(parsed->hash.size() == 32);
  CHECK(!ParseRefreshToken(token + "A").ok());
  CHECK(!ParseRefreshToken(token.substr(0, token.size() - 1)).ok());
  CHECK(!ParseRefreshToken("xx_" + token.substr(3)).ok());
  CHECK(!ParseRefreshToken("").ok());
}

}  // namespace cloudpos::auth
