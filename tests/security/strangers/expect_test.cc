#include "tests/security/strangers/expect.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "tests/security/strangers/fill.h"

namespace cloudpos::strangers {
namespace {

constexpr char kOwnStore[] = "00000000-0000-4000-8000-000000000001";
constexpr char kOtherStore[] = "00000000-0000-4000-8000-000000000002";
constexpr char kForeignStore[] = "00000000-0000-4000-8000-000000000003";
constexpr auto kRight = common::v1::SALE_READ;

token::Claims Claims(bool has_right, bool is_everywhere) {
  token::Claims claims;
  token::Grant grant;
  grant.permissions.Add(has_right ? kRight : common::v1::STOCK_READ);
  if (!is_everywhere) grant.stores = {*base::Uuid::Parse(kOwnStore)};
  claims.grants = {grant};
  return claims;
}

Rpc With(Access access, bool handler_checks = false) {
  Rpc rpc{.access = access};
  rpc.policy.set_permission(kRight);
  rpc.policy.set_handler_checks(handler_checks);
  return rpc;
}

Asked At(Place place) {
  switch (place) {
    case Place::kOwn:
      return {.place = place, .is_foreign = false, .store = kOwnStore};
    case Place::kOtherStore:
      return {.place = place, .is_foreign = true, .store = kOtherStore};
    case Place::kOtherTenant:
      return {.place = place, .is_foreign = true, .store = kForeignStore};
    default:
      return {.place = place, .is_foreign = true, .store = kOwnStore};
  }
}

Verdict Of(const Rpc& rpc, const token::Claims& claims, Place place) {
  return Expected(rpc, claims, At(place), kOtherStore);
}

}  // namespace

TEST_CASE("Expected: rights in one store count there and hide the rest", "[security][domain]") {
  const auto with = Claims(true, false), without = Claims(false, false);
  for (const Rpc& rpc : {With(Access::kStore), With(Access::kResource, true)}) {
    CHECK(Of(rpc, with, Place::kOwn) == Verdict::kServed);
    CHECK(Of(rpc, with, Place::kOtherStore) == Verdict::kHidden);
    CHECK(Of(rpc, with, Place::kOtherTenant) == Verdict::kHidden);
    CHECK(Of(rpc, with, Place::kSmuggledFromStore) == Verdict::kHidden);
    CHECK(Of(rpc, with, Place::kSmuggledFromTenant) == Verdict::kHidden);
    CHECK(Of(rpc, without, Place::kOwn) == Verdict::kDenied);
    CHECK(Of(rpc, without, Place::kOtherStore) == Verdict::kHidden);
    CHECK(Of(rpc, token::Claims(), Place::kOwn) == Verdict::kHidden);
  }
  CHECK(Of(With(Access::kTenant), with, Place::kOwn) == Verdict::kDenied);
  CHECK(Of(With(Access::kResource), without, Place::kOtherTenant) == Verdict::kDenied);
  CHECK(Of(With(Access::kResource), with, Place::kOtherStore) == Verdict::kHidden);
}

TEST_CASE("Expected: rights everywhere reach every store of the tenant and no further",
          "[security][domain]") {
  const auto with = Claims(true, true), without = Claims(false, true);
  for (const Rpc& rpc : {With(Access::kTenant), With(Access::kStore), With(Access::kResource),
                         With(Access::kResource, true)}) {
    CHECK(Of(rpc, with, Place::kOwn) == Verdict::kServed);
    CHECK(Of(rpc, with, Place::kOtherStore) == Verdict::kServed);
    CHECK(Of(rpc, with, Place::kOtherTenant) == Verdict::kHidden);
    CHECK(Of(rpc, with, Place::kSmuggledFromTenant) == Verdict::kHidden);
    for (const Place place : kPlaces) CHECK(Of(rpc, without, place) == Verdict::kDenied);
  }
}

TEST_CASE("Expected: one's own things and public methods", "[security][domain]") {
  CHECK(Of(With(Access::kSelf), token::Claims(), Place::kOwn) == Verdict::kServed);
  CHECK(Of(With(Access::kSelf), Claims(true, true), Place::kOtherStore) == Verdict::kHidden);
  CHECK(Of(With(Access::kPublic), token::Claims(), Place::kOtherTenant) == Verdict::kServed);
}

TEST_CASE("Fault: an answer is not taken for another", "[security][domain]") {
  const Rpc rpc = With(Access::kStore);
  const auto refused = [](base::ErrorCode code) { return Answer{.code = code}; };
  CHECK(Fault(Verdict::kServed, rpc, {}).empty());
  CHECK(Fault(Verdict::kServed, rpc, refused(common::v1::STALE_VERSION)).empty());
  CHECK_FALSE(Fault(Verdict::kServed, rpc, refused(common::v1::PERMISSION_DENIED)).empty());
  CHECK_FALSE(Fault(Verdict::kServed, rpc, refused(common::v1::TOKEN_INVALID)).empty());
  CHECK_FALSE(Fault(Verdict::kDenied, rpc, {}).empty());
  CHECK_FALSE(Fault(Verdict::kDenied, rpc, refused(common::v1::NOT_FOUND)).empty());
  CHECK_FALSE(Fault(Verdict::kHidden, rpc, {}).empty());
  for (const auto code : {common::v1::INTERNAL, common::v1::UNAVAILABLE}) {
    CHECK_FALSE(Fault(Verdict::kServed, rpc, refused(code)).empty());
  }
  // A public method's own credentials are refused in the same words as a missing token.
  const Rpc open = With(Access::kPublic);
  CHECK(Fault(Verdict::kServed, open,
              {.code = common::v1::UNAUTHENTICATED, .detail = "unknown refresh token"})
            .empty());
  CHECK_FALSE(Fault(Verdict::kServed, open,
                    {.code = common::v1::UNAUTHENTICATED, .detail = "Send an access token"})
                  .empty());
}

TEST_CASE("AllRpcs: each method of each service once, the shared ones once a process",
          "[security][domain]") {
  const auto rpcs = AllRpcs({"auth", "inventory"});
  int feeds = 0;
  for (const Rpc& rpc : rpcs) {
    if (rpc.path() == "/cloudpos.common.v1.EventFeed/Pull") ++feeds;
    CHECK_FALSE(rpc.policy.callers().empty());
  }
  // Services whose processes are not named count as shared; nothing is left out.
  CHECK(feeds == 2);
  CHECK(rpcs.size() >= 90);
}

TEST_CASE("Fill: names go where they belong, strange ones in their place", "[security][domain]") {
  const Names names{
      {"store_id", kOwnStore}, {"sale_id", kOtherStore}, {"variant_id", kForeignStore}};
  int filled = 0;
  for (const Rpc& rpc : AllRpcs({"auth", "inventory", "transaction", "reporting"})) {
    for (const bool is_much : {false, true}) {
      const Filled request = Fill(rpc, {.is_much = is_much}, names);
      REQUIRE(request.message != nullptr);
      CHECK_FALSE(request.IsForeignTo(names));
      if (request.named.empty()) continue;
      const Filled strange = WithStrangeNames(request, nullptr);
      CHECK(strange.IsForeignTo(names));
      for (const auto& [key, value] : request.named) {
        CHECK(strange.message->DebugString().find(value) == std::string::npos);
      }
      ++filled;
    }
  }
  CHECK(filled > 50);
}

}  // namespace cloudpos::strangers
