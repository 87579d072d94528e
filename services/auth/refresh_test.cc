// Refresh tokens and sessions.

#include <atomic>
#include <thread>

#include "catch2/catch.hpp"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes
using base::CodeOf;

}  // namespace

TEST_CASE("RefreshSession: each token works once, reuse ends the session", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  const auto second = world.Refresh(admin.refresh_token());
  REQUIRE(second.ok());
  CHECK(second->session_id() == admin.session_id());
  const auto third = world.Refresh(second->refresh_token());
  REQUIRE(third.ok());
  CHECK(CodeOf(world.Refresh(admin.refresh_token()).status()) == REFRESH_REUSED);
  CHECK(CodeOf(world.Refresh(third->refresh_token()).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(world.Verify(third->access_token()).status()) == TOKEN_REVOKED);
  CHECK(world.Count("SELECT count(*) FROM auth.audit_events WHERE action = 'session.reuse'") == 1);
}

TEST_CASE("RefreshSession: refusals, in the order of the contract", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  CHECK(CodeOf(world.Refresh("").status()) == FIELD_REQUIRED);
  CHECK(CodeOf(world.Refresh("nonsense").status()) == UNAUTHENTICATED);
  CHECK(CodeOf(world.Refresh("rt_AAAA").status()) == UNAUTHENTICATED);
  const auto tenant = *base::Uuid::Parse(admin.tenant_id());
  CHECK(CodeOf(world.Refresh(MakeRefreshToken(tenant, std::string(32, 'x'))).status()) ==
        UNAUTHENTICATED);
  world.clock.Advance(absl::Hours(2) + absl::Seconds(1));  // idle too long
  CHECK(CodeOf(world.Refresh(admin.refresh_token()).status()) == TOKEN_EXPIRED);
}

TEST_CASE("RefreshSession: a session ends after its life, however often it is used",
          "[auth][handler]") {
  World world;
  std::string token = world.Bootstrap().refresh_token();
  for (int hour = 1; hour < 12; ++hour) {
    world.clock.Advance(absl::Hours(1));
    const auto next = world.Refresh(token);
    REQUIRE(next.ok());
    CHECK(next->refresh_expires_in_s() == (12 - hour) * 3600);
    token = next->refresh_token();
  }
  world.clock.Advance(absl::Hours(1));
  CHECK(CodeOf(world.Refresh(token).status()) == TOKEN_EXPIRED);
}

TEST_CASE("RefreshSession: of many at once exactly one wins", "[auth][handler]") {
  World world;
  std::string token = world.Bootstrap().refresh_token();
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> won{0}, lost{0};
    std::string next;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto answer = world.Refresh(token);
        const ErrorCode code = CodeOf(answer.status());
        if (answer.ok()) {
          ++won;
          const std::lock_guard lock(mutex);
          next = answer->refresh_token();
        } else if (code == CONFLICT || code == REFRESH_REUSED || code == TOKEN_REVOKED) {
          ++lost;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(won == 1);
    REQUIRE(lost == 3);
    // A late one may have been a reuse, which ends the session: begin another.
    token = world.Refresh(next).ok() ? "" : next;
    const auto fresh = world.SignIn("owner@example.com", World::kPassword);
    REQUIRE(fresh.ok());
    token = fresh->refresh_token();
  }
}

TEST_CASE("SignOut: the refresh token is dead at once, the access token when revocations are read",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  v1::SignOutResponse response;
  REQUIRE(world.auth.SignOut(call, {}, &response).ok());
  CHECK(CodeOf(world.Refresh(admin.refresh_token()).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(world.Verify(admin.access_token()).status()) == TOKEN_REVOKED);
  REQUIRE(world.auth.SignOut(call, {}, &response).ok());
  v1::GetIdentityResponse identity;
  REQUIRE(world.identity_handler.GetIdentity(call, {}, &identity).ok());
  REQUIRE(identity.revoked_sessions_size() == 1);
  CHECK(identity.revoked_sessions(0) == admin.session_id());
  world.clock.Advance(absl::Minutes(13));
  REQUIRE(world.identity.Refresh().ok());
  REQUIRE(world.identity_handler.GetIdentity(call, {}, &identity).ok());
  CHECK(identity.revoked_sessions_size() == 0);
}

TEST_CASE("ListSessions: one's own live sessions by page, RevokeSession ends one",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  for (int i = 0; i < 4; ++i) {
    world.clock.Advance(absl::Seconds(1));
    REQUIRE(world.SignIn("owner@example.com", World::kPassword).ok());
  }
  TestCall call = world.As(admin.access_token());
  v1::ListSessionsRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    v1::ListSessionsResponse page;
    REQUIRE(world.auth.ListSessions(call, request, &page).ok());
    for (const auto& session : page.sessions()) seen.push_back(session.session_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(seen.size() == 5);
  CHECK(seen.back() == admin.session_id());

  v1::RevokeSessionRequest revoke;
  revoke.set_session_id(seen.front());
  v1::RevokeSessionResponse revoked;
  REQUIRE(world.auth.RevokeSession(call, revoke, &revoked).ok());
  REQUIRE(world.auth.RevokeSession(call, revoke, &revoked).ok());
  revoke.set_session_id(world.NewId());
  CHECK(CodeOf(world.auth.RevokeSession(call, revoke, &revoked)) == NOT_FOUND);
  v1::ListSessionsResponse left;
  REQUIRE(world.auth.ListSessions(call, {}, &left).ok());
  CHECK(left.sessions_size() == 4);
  request.set_page_token("nonsense");
  CHECK(CodeOf(world.auth.ListSessions(call, request, &left)) == INVALID_PAGE_TOKEN);
  request.set_page_size(201);
  CHECK(CodeOf(world.auth.ListSessions(call, request, &left)) == OUT_OF_RANGE);
}

}  // namespace cloudpos::auth
