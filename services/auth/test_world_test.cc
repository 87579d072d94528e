// The world itself (see test_world.h); no cases of its own.

#include "services/auth/test_world.h"

#include <cstdlib>
#include <filesystem>

#include "catch2/catch.hpp"

namespace cloudpos::auth {
namespace {

std::vector<pg::MigrationSet> Sets() { return {events::Migrations(), {"auth", &Migrations()}}; }

std::string StateDir() {
  std::string path = (std::filesystem::temp_directory_path() / "cloudpos-auth-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  return path;
}

/// As cheap as libsodium allows: the tests are not about the cost.
HashOptions CheapHash() {
  return {.operations = 1,
          .memory_bytes = 8192,
          .pepper = "pepper",
          .concurrent = 4,
          .waiting = 64};
}

pg::PoolOptions PoolOf(const std::string& dsn) {
  return {.dsn = dsn, .application_name = "auth-test", .connections = 12};
}

}  // namespace

World::World()
    : database("auth", Sets()),
      pool(PoolOf(database.Dsn("rw"))),
      worker(PoolOf(database.Dsn("worker"))),
      signer(token::Signer::FromPem(token::GenerateKeyPem()).value()),
      verifier(clock),
      hasher(CheapHash()),
      identity({.worker_pool = &worker,
                .clock = &clock,
                .verifier = &verifier,
                .jwks = token::MakeJwks({signer.PublicJwk()})}) {
  deps = {.pool = &pool,
          .clock = &clock,
          .ids = &ids,
          .signer = &signer,
          .hasher = &hasher,
          .identity = &identity,
          .doorbell = nullptr,
          .rules = {},
          .bootstrap_secret = kSecret,
          .state_dir = StateDir(),
          .device_secret = "device secret"};
}

World::~World() {
  std::error_code ignored;
  std::filesystem::remove_all(deps.state_dir, ignored);
}

v1::BootstrapAdminResponse World::Bootstrap(const std::string& email) {
  TestCall call;
  v1::BootstrapAdminRequest request;
  request.set_secret(kSecret);
  request.set_tenant_name("Corner Shop");
  request.set_tenant_slug("corner-shop");
  request.set_email(email);
  request.set_password(kPassword);
  request.set_display_name("Olive Owner");
  request.set_refresh_delivery(v1::BODY);
  v1::BootstrapAdminResponse response;
  const absl::Status status = auth.BootstrapAdmin(call, request, &response);
  INFO(status);
  REQUIRE(status.ok());
  return response;
}

absl::StatusOr<v1::SignInResponse> World::SignIn(const std::string& email,
                                                 const std::string& password) {
  TestCall call;
  v1::SignInRequest request;
  request.set_email(email);
  request.set_password(password);
  request.set_refresh_delivery(v1::BODY);
  v1::SignInResponse response;
  const absl::Status status = auth.SignIn(call, request, &response);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::RefreshSessionResponse> World::Refresh(const std::string& refresh_token) {
  TestCall call;
  v1::RefreshSessionRequest request;
  request.set_refresh_token(refresh_token);
  v1::RefreshSessionResponse response;
  const absl::Status status = auth.RefreshSession(call, request, &response);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<token::Claims> World::Verify(const std::string& access_token) {
  const absl::Status status = identity.Refresh();
  if (!status.ok()) return status;
  const auto claims = verifier.Verify(access_token);
  if (!claims.ok()) return claims.status();
  return **claims;
}

TestCall World::As(const std::string& access_token) {
  token::Verifier blind(clock);  // knows no revocations
  REQUIRE(blind.SetKeys(identity.jwks()).ok());
  const auto claims = blind.Verify(access_token);
  INFO(claims.status());
  REQUIRE(claims.ok());
  return TestCall(**claims);
}

v1::Store World::MakeStore(const std::string& access_token, const std::string& code) {
  TestCall call = As(access_token);
  v1::CreateStoreRequest request;
  request.set_store_id(NewId());
  request.set_code(code);
  request.set_name("Store " + code);
  request.set_time_zone("Europe/London");
  request.set_currency_code("GBP");
  v1::Store store;
  const absl::Status status = organisation.CreateStore(call, request, &store);
  INFO(status);
  REQUIRE(status.ok());
  return store;
}

v1::StaffMember World::MakeStaff(const std::string& admin_token, const std::string& email,
                                 BuiltInRole role, const std::vector<std::string>& stores) {
  TestCall call = As(admin_token);
  v1::CreateStaffRequest create;
  create.set_staff_id(NewId());
  create.set_display_name("Person " + email);
  create.set_email(email);
  create.set_initial_password("initial password 1");
  v1::StaffMember member;
  absl::Status status = staff.CreateStaff(call, create, &member);
  INFO(status);
  REQUIRE(status.ok());
  v1::SetStaffGrantsRequest grant;
  grant.set_staff_id(member.staff_id());
  grant.set_version(member.version());
  v1::RoleGrant* out = grant.add_grants();
  out->set_role_id(BuiltInRoleId(call.tenant(), role).ToString());
  out->set_all_stores(stores.empty());
  for (const std::string& store : stores) out->add_store_ids(store);
  status = staff.SetStaffGrants(call, grant, &member);
  REQUIRE(status.ok());
  const auto first = SignIn(email, "initial password 1");
  REQUIRE(first.ok());
  TestCall own = As(first->access_token());
  v1::ChangePasswordRequest change;
  change.set_current_password("initial password 1");
  change.set_new_password(kPassword);
  v1::ChangePasswordResponse changed;
  status = auth.ChangePassword(own, change, &changed);
  REQUIRE(status.ok());
  return member;
}

int64_t World::Count(const std::string& sql) {
  pg::Pool admin({.dsn = database.Dsn("admin"), .application_name = "count", .connections = 1});
  const pg::Query query{"count", sql.c_str()};
  const auto rows = admin.Exec({}, query);
  INFO(rows.status());
  REQUIRE(rows.ok());
  return (*rows)[0].Get<int64_t>("count");
}

}  // namespace cloudpos::auth
