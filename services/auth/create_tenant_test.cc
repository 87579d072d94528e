// Tenants that the operator makes.

#include <atomic>
#include <set>
#include <thread>

#include "catch2/catch.hpp"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes
using base::CodeOf;

v1::CreateTenantRequest Asked(const std::string& slug, const std::string& email) {
  v1::CreateTenantRequest request;
  request.set_slug(slug);
  request.set_name("Second Shop");
  request.set_email(email);
  request.set_password(World::kPassword);
  request.set_display_name("Sam Second");
  return request;
}

absl::StatusOr<v1::CreateTenantResponse> Create(World& world,
                                                const v1::CreateTenantRequest& request) {
  TestCall call;
  v1::CreateTenantResponse response;
  const absl::Status status = world.operator_handler.CreateTenant(call, request, &response);
  if (!status.ok()) return status;
  return response;
}

}  // namespace

TEST_CASE("CreateTenant: its administrator signs in and may do what a first one may",
          "[auth][handler]") {
  World world;
  const auto first = world.Bootstrap();
  const auto made = Create(world, Asked("second-shop", " Sam@Example.com "));
  REQUIRE(made.ok());
  CHECK(made->tenant_id() != first.tenant_id());
  const auto signed_in = world.SignIn("sam@example.com", World::kPassword);
  REQUIRE(signed_in.ok());
  CHECK(signed_in->tenant_id() == made->tenant_id());
  CHECK(signed_in->staff_id() == made->staff_id());
  CHECK(!signed_in->password_change_required());
  const auto own = world.Verify(first.access_token());
  const auto other = world.Verify(signed_in->access_token());
  REQUIRE(other.ok());
  REQUIRE(other->grants.size() == 1);
  CHECK(other->grants[0].stores.empty());
  CHECK(other->grants[0].permissions == own->grants[0].permissions);
  world.MakeStore(signed_in->access_token(), "S1");
  world.MakeStaff(signed_in->access_token(), "till@example.com", BuiltInRole::kCashier);
  CHECK(world.Count("SELECT count(*) FROM auth.stores WHERE tenant_id = '" + made->tenant_id() +
                    "'") == 1);
  CHECK(world.Count("SELECT count(*) FROM auth.roles WHERE tenant_id = '" + made->tenant_id() +
                    "'") == 3);
  CHECK(world.Count("SELECT count(*) FROM auth.audit_events WHERE action = 'tenant.create'") == 2);
}

TEST_CASE("CreateTenant: the same slug and address again is the same tenant", "[auth][handler]") {
  World world;
  const auto made = Create(world, Asked("second-shop", "sam@example.com"));
  REQUIRE(made.ok());
  auto again = Asked("second-shop", "SAM@example.com");
  again.set_password("another password 7");
  TestCall call;
  v1::CreateTenantResponse response;
  REQUIRE(world.operator_handler.CreateTenant(call, again, &response).ok());
  CHECK(call.is_replayed);
  CHECK(response.SerializeAsString() == made->SerializeAsString());
  CHECK(world.SignIn("sam@example.com", World::kPassword).ok());  // the first password stays
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == 1);

  CHECK(CodeOf(Create(world, Asked("second-shop", "eve@example.com")).status()) == ALREADY_EXISTS);
  CHECK(CodeOf(Create(world, Asked("third-shop", "sam@example.com")).status()) == EMAIL_TAKEN);
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == 1);
}

TEST_CASE("CreateTenant: several at once make one", "[auth][handler]") {
  World world;
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "shop-" + std::to_string(round);
    std::mutex mutex;
    std::set<std::string> answers;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto made = Create(world, Asked(name, name + "@example.com"));
        const std::lock_guard lock(mutex);
        answers.insert(made.ok() ? made->SerializeAsString() : made.status().ToString());
      });
    }
    for (std::thread& thread : threads) thread.join();
    CAPTURE(answers);
    CHECK(answers.size() == 1);
  }
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == kRounds);
}

TEST_CASE("CreateTenant: once there is an administrator the first-admin secret is dead",
          "[auth][handler]") {
  World world;
  REQUIRE(Create(world, Asked("second-shop", "sam@example.com")).ok());
  TestCall call;
  v1::BootstrapAdminRequest request;
  request.set_secret(World::kSecret);
  v1::BootstrapAdminResponse response;
  CHECK(CodeOf(world.auth.BootstrapAdmin(call, request, &response)) == BOOTSTRAP_CLOSED);
}

TEST_CASE("CreateTenant: fields are checked as for the first tenant", "[auth][handler]") {
  World world;
  const auto code = [&](auto change) {
    auto request = Asked("second-shop", "sam@example.com");
    change(request);
    return CodeOf(Create(world, request).status());
  };
  using Request = v1::CreateTenantRequest;
  CHECK(code([](Request& r) { r.clear_slug(); }) == FIELD_REQUIRED);
  CHECK(code([](Request& r) { r.set_slug("Not A Slug"); }) == INVALID_ARGUMENT);
  CHECK(code([](Request& r) { r.set_slug("replay"); }) == INVALID_ARGUMENT);
  CHECK(code([](Request& r) { r.clear_name(); }) == FIELD_REQUIRED);
  CHECK(code([](Request& r) { r.set_email("nobody"); }) == INVALID_ARGUMENT);
  CHECK(code([](Request& r) { r.set_password("password"); }) == WEAK_PASSWORD);
  CHECK(code([](Request& r) { r.clear_display_name(); }) == FIELD_REQUIRED);
  CHECK(world.Count("SELECT count(*) FROM auth.tenants") == 0);
}

}  // namespace cloudpos::auth
