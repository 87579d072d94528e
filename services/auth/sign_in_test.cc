// Bootstrap, sign-in, lockout, password change.

#include <atomic>
#include <filesystem>
#include <thread>

#include "catch2/catch.hpp"
#include "services/auth/bootstrap.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using base::CodeOf;

v1::BootstrapAdminRequest GoodBootstrap() {
  v1::BootstrapAdminRequest request;
  request.set_secret(World::kSecret);
  request.set_tenant_name("Corner Shop");
  request.set_tenant_slug("corner-shop");
  request.set_email("owner@example.com");
  request.set_password(World::kPassword);
  request.set_display_name("Olive Owner");
  return request;
}

}  // namespace

TEST_CASE("BootstrapAdmin: makes a tenant, its administrator and a session", "[auth][handler]") {
  World world;
  const auto response = world.Bootstrap();
  const auto claims = world.Verify(response.access_token());
  REQUIRE(claims.ok());
  CHECK(claims->tenant.ToString() == response.tenant_id());
  CHECK(claims->subject.ToString() == response.staff_id());
  CHECK(claims->HasForTenant(STAFF_WRITE));
  CHECK(claims->HasForTenant(REPORT_READ));
  CHECK(!response.refresh_token().empty());
  CHECK(response.refresh_cookie().empty());
  CHECK(world.Count("SELECT count(*) FROM auth.roles") == 3);
  CHECK(world.Count("SELECT count(*) FROM auth.audit_events") == 3);  // tenant, person, sign-in
  CHECK(std::filesystem::exists(world.deps.state_dir + "/bootstrapped"));
}

TEST_CASE("BootstrapAdmin: refusals, in the order of the contract", "[auth][handler]") {
  World world;
  struct Row {
    const char* name;
    void (*change)(v1::BootstrapAdminRequest&);
    ErrorCode code;
  };
  const Row rows[] = {
      {"wrong secret", [](auto& r) { r.set_secret("x"); r.clear_email(); }, BOOTSTRAP_CLOSED},
      {"no secret", [](auto& r) { r.clear_secret(); }, BOOTSTRAP_CLOSED},
      {"no tenant name", [](auto& r) { r.clear_tenant_name(); }, FIELD_REQUIRED},
      {"no slug", [](auto& r) { r.clear_tenant_slug(); }, FIELD_REQUIRED},
      {"bad slug", [](auto& r) { r.set_tenant_slug("No Slug"); }, INVALID_ARGUMENT},
      {"reserved slug", [](auto& r) { r.set_tenant_slug("replay"); }, INVALID_ARGUMENT},
      {"bad e-mail", [](auto& r) { r.set_email("owner"); }, INVALID_ARGUMENT},
      {"no name", [](auto& r) { r.clear_display_name(); }, FIELD_REQUIRED},
      {"short password", [](auto& r) { r.set_password("short 1"); }, WEAK_PASSWORD},
      {"common password", [](auto& r) { r.set_password("Password123"); }, WEAK_PASSWORD},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    auto request = GoodBootstrap();
    row.change(request);
    TestCall call;
    v1::BootstrapAdminResponse response;
    CHECK(CodeOf(world.auth.BootstrapAdmin(call, request, &response)) == row.code);
  }
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == 0);
  world.Bootstrap();
  TestCall call;
  v1::BootstrapAdminResponse response;
  CHECK(CodeOf(world.auth.BootstrapAdmin(call, GoodBootstrap(), &response)) == BOOTSTRAP_CLOSED);
}

TEST_CASE("BootstrapAdmin: the secret dies a day after it was first seen", "[auth][handler]") {
  World world;
  REQUIRE(WatchBootstrap(world.deps).ok());
  world.clock.Advance(absl::Hours(24) + absl::Seconds(1));
  TestCall call;
  v1::BootstrapAdminResponse response;
  CHECK(CodeOf(world.auth.BootstrapAdmin(call, GoodBootstrap(), &response)) == BOOTSTRAP_CLOSED);
  world.deps.bootstrap_secret = "another secret of enough characters";  // a new one starts afresh
  auto request = GoodBootstrap();
  request.set_secret(world.deps.bootstrap_secret);
  CHECK(world.auth.BootstrapAdmin(call, request, &response).ok());
}

TEST_CASE("BootstrapAdmin: of many at once exactly one wins", "[auth][handler]") {
  World world;
  std::atomic<int> won{0}, closed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&world, &won, &closed, i] {
      auto request = GoodBootstrap();
      request.set_tenant_slug("shop-" + std::to_string(i));
      request.set_email("owner" + std::to_string(i) + "@example.com");
      TestCall call;
      v1::BootstrapAdminResponse response;
      const ErrorCode code = CodeOf(world.auth.BootstrapAdmin(call, request, &response));
      if (code == ERROR_CODE_UNSPECIFIED) ++won;
      if (code == BOOTSTRAP_CLOSED) ++closed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won == 1);
  CHECK(closed == 7);
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == 1);
  CHECK(world.Count("SELECT count(*) FROM auth.directory") == 2);
}

TEST_CASE("SignIn: right password gives a token pair, in cookie or body", "[auth][handler]") {
  World world;
  world.Bootstrap();
  const auto in_body = world.SignIn(" Owner@Example.COM ", World::kPassword);
  REQUIRE(in_body.ok());
  CHECK(!in_body->refresh_token().empty());
  CHECK(world.Verify(in_body->access_token()).ok());
  TestCall call;
  v1::SignInRequest request;
  request.set_email("owner@example.com");
  request.set_password(World::kPassword);
  v1::SignInResponse in_cookie;
  REQUIRE(world.auth.SignIn(call, request, &in_cookie).ok());
  CHECK(in_cookie.refresh_token().empty());
  CHECK(!in_cookie.refresh_cookie().empty());
  CHECK(in_cookie.refresh_expires_in_s() == 43200);
}

TEST_CASE("SignIn: unknown person and wrong password get the same answer", "[auth][handler]") {
  World world;
  world.Bootstrap();
  const auto wrong = world.SignIn("owner@example.com", "wrong password 1");
  const auto unknown = world.SignIn("nobody@example.com", "wrong password 1");
  const auto no_address = world.SignIn("nobody", "wrong password 1");
  CHECK(CodeOf(wrong.status()) == INVALID_CREDENTIALS);
  CHECK(wrong.status() == unknown.status());
  CHECK(wrong.status() == no_address.status());
}

TEST_CASE("SignIn: failures delay further tries, known address or not", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  for (const std::string email : {"owner@example.com", "nobody@example.com"}) {
    INFO(email);
    for (int i = 0; i < 5; ++i) {
      CHECK(CodeOf(world.SignIn(email, "wrong password 1").status()) == INVALID_CREDENTIALS);
    }
    const auto locked = world.SignIn(email, World::kPassword);
    CHECK(CodeOf(locked.status()) == ACCOUNT_LOCKED);
    CHECK(base::InfoOf(locked.status()).retry_after == std::chrono::seconds(30));
  }
  CHECK(world.Count("SELECT count(*) FROM auth.audit_events WHERE action = 'signin.lock'") == 1);
  world.clock.Advance(absl::Seconds(31));
  CHECK(world.SignIn("owner@example.com", World::kPassword).ok());
  // Success forgets: five more are free again.
  for (int i = 0; i < 5; ++i) {
    CHECK(CodeOf(world.SignIn("owner@example.com", "wrong password 1").status()) ==
          INVALID_CREDENTIALS);
  }
  CHECK(CodeOf(world.SignIn("owner@example.com", World::kPassword).status()) == ACCOUNT_LOCKED);
  TestCall call = world.As(admin.access_token());
  v1::UnlockStaffRequest unlock;
  unlock.set_staff_id(admin.staff_id());
  v1::UnlockStaffResponse unlocked;
  REQUIRE(world.staff.UnlockStaff(call, unlock, &unlocked).ok());
  CHECK(world.SignIn("owner@example.com", World::kPassword).ok());
}

TEST_CASE("SignIn: failures at once are all counted", "[auth][handler]") {
  World world;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { (void)world.SignIn("x@example.com", "wrong password 1"); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(world.Count("SELECT failures::bigint AS count FROM auth.login_failures") == 4);
}

TEST_CASE("SignIn: a hash of another cost is replaced", "[auth][handler]") {
  World world;
  world.Bootstrap();
  PasswordHasher stronger({.operations = 2, .memory_bytes = 16384, .pepper = "pepper"});
  world.deps.hasher = &stronger;
  CHECK(world.SignIn("owner@example.com", World::kPassword).ok());
  CHECK(world.Count("SELECT count(*) FROM auth.staff WHERE password_hash LIKE '%m=16,t=2%'") == 1);
  CHECK(world.SignIn("owner@example.com", World::kPassword).ok());
  PasswordHasher other_pepper({.operations = 2, .memory_bytes = 16384, .pepper = "other"});
  world.deps.hasher = &other_pepper;
  CHECK(!world.SignIn("owner@example.com", World::kPassword).ok());
}

TEST_CASE("ChangePassword: ends the other sessions and lifts the restriction", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall by_admin = world.As(admin.access_token());
  v1::SetStaffPasswordRequest set;
  v1::StaffMember member = world.MakeStaff(admin.access_token(), "cash@example.com",
                                           BuiltInRole::kCashier);
  set.set_staff_id(member.staff_id());
  set.set_password("set by somebody 1");
  v1::SetStaffPasswordResponse done;
  REQUIRE(world.staff.SetStaffPassword(by_admin, set, &done).ok());

  const auto first = world.SignIn("cash@example.com", "set by somebody 1");
  const auto other = world.SignIn("cash@example.com", "set by somebody 1");
  REQUIRE(first.ok());
  CHECK(first->password_change_required());
  CHECK(world.Verify(first->access_token())->grants.empty());

  TestCall call = world.As(first->access_token());
  v1::ChangePasswordRequest change;
  v1::ChangePasswordResponse changed;
  change.set_current_password("not the password");
  change.set_new_password("my own password 1");
  CHECK(CodeOf(world.auth.ChangePassword(call, change, &changed)) == INVALID_CREDENTIALS);
  change.set_current_password("set by somebody 1");
  change.set_new_password("password1");
  CHECK(CodeOf(world.auth.ChangePassword(call, change, &changed)) == WEAK_PASSWORD);
  change.set_new_password("set by somebody 1");
  CHECK(CodeOf(world.auth.ChangePassword(call, change, &changed)) == WEAK_PASSWORD);
  change.set_new_password("my own password 1");
  REQUIRE(world.auth.ChangePassword(call, change, &changed).ok());

  CHECK(CodeOf(world.Verify(other->access_token()).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(world.Refresh(other->refresh_token()).status()) == TOKEN_REVOKED);
  const auto refreshed = world.Refresh(first->refresh_token());
  REQUIRE(refreshed.ok());
  CHECK(world.Verify(refreshed->access_token())->HasForTenant(SALE_CREATE));
}

}  // namespace cloudpos::auth
