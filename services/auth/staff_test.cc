// People, roles, grants, the audit log.

#include <atomic>
#include <thread>

#include "catch2/catch.hpp"
#include "services/auth/store_audit.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using base::CodeOf;

v1::SetStaffGrantsRequest Grants(const v1::StaffMember& member) {
  v1::SetStaffGrantsRequest request;
  request.set_staff_id(member.staff_id());
  request.set_version(member.version());
  return request;
}

v1::StaffMember Get(World& world, TestCall& call, const std::string& id) {
  v1::GetStaffRequest request;
  request.set_staff_id(id);
  v1::StaffMember member;
  REQUIRE(world.staff.GetStaff(call, request, &member).ok());
  return member;
}

}  // namespace

TEST_CASE("CreateStaff: an e-mail address belongs to one person in the installation",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  std::atomic<int> won{0}, taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      token::Claims claims = world.As(admin.access_token()).claims();
      TestCall call(claims);
      v1::CreateStaffRequest request;
      request.set_staff_id(world.NewId());
      request.set_display_name("Twin");
      request.set_email("Twin@example.com");
      v1::StaffMember member;
      const ErrorCode code = CodeOf(world.staff.CreateStaff(call, request, &member));
      if (code == ERROR_CODE_UNSPECIFIED) ++won;
      if (code == EMAIL_TAKEN) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won == 1);
  CHECK(taken == 5);
  CHECK(world.Count("SELECT count(*) FROM auth.staff") == 2);
}

TEST_CASE("SetStaffGrants: rights reach the next token and older ones stop counting",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const std::string a = world.MakeStore(admin.access_token(), "S1").store_id();
  const std::string b = world.MakeStore(admin.access_token(), "S2").store_id();
  auto member =
      world.MakeStaff(admin.access_token(), "cash@example.com", BuiltInRole::kCashier, {a});
  world.clock.Advance(absl::Seconds(2));
  const auto session = world.SignIn("cash@example.com", World::kPassword);
  const auto claims = world.Verify(session->access_token());
  REQUIRE(claims.ok());
  CHECK(claims->HasForStore(SALE_CREATE, *base::Uuid::Parse(a)));
  CHECK(!claims->CoversStore(*base::Uuid::Parse(b)));

  auto request = Grants(Get(world, call, member.staff_id()));
  auto* grant = request.add_grants();
  grant->set_role_id(BuiltInRoleId(call.tenant(), BuiltInRole::kManager).ToString());
  grant->add_store_ids(b);
  REQUIRE(world.staff.SetStaffGrants(call, request, &member).ok());
  CHECK(CodeOf(world.Verify(session->access_token()).status()) == TOKEN_REVOKED);
  const auto refreshed = world.Refresh(session->refresh_token());
  REQUIRE(refreshed.ok());
  const auto now = world.Verify(refreshed->access_token());  // in the same second as the change
  REQUIRE(now.ok());
  CHECK(now->HasForStore(SALE_VOID, *base::Uuid::Parse(b)));
  CHECK(!now->CoversStore(*base::Uuid::Parse(a)));

  // A second change within the same second reaches the token of that second as well.
  REQUIRE(world.staff.SetStaffGrants(call, Grants(member), &member).ok());
  CHECK(CodeOf(world.Verify(refreshed->access_token()).status()) == TOKEN_REVOKED);
  const auto last = world.Refresh(refreshed->refresh_token());
  REQUIRE(last.ok());
  CHECK(world.Verify(last->access_token())->grants.empty());
}

TEST_CASE("SetStaffGrants: refusals", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const std::string store = world.MakeStore(admin.access_token(), "S1").store_id();
  const auto member = world.MakeStaff(admin.access_token(), "m@example.com", BuiltInRole::kManager);
  const auto current = Get(world, call, member.staff_id());
  const std::string cashier = BuiltInRoleId(call.tenant(), BuiltInRole::kCashier).ToString();
  struct Row {
    const char* name;
    std::function<void(v1::SetStaffGrantsRequest&)> change;
    ErrorCode code;
  };
  const Row rows[] = {
      {"too many", [&](auto& r) { for (int i = 0; i < 21; ++i) r.add_grants(); }, LIMIT_EXCEEDED},
      {"no role", [&](auto& r) { r.add_grants()->set_all_stores(true); }, FIELD_REQUIRED},
      {"no stores", [&](auto& r) { r.add_grants()->set_role_id(cashier); }, FIELD_REQUIRED},
      {"both", [&](auto& r) {
         auto* g = r.add_grants();
         g->set_role_id(cashier);
         g->set_all_stores(true);
         g->add_store_ids(store);
       }, INVALID_ARGUMENT},
      {"twice", [&](auto& r) {
         for (int i = 0; i < 2; ++i) {
           auto* g = r.add_grants();
           g->set_role_id(cashier);
           g->set_all_stores(true);
         }
       }, INVALID_ARGUMENT},
      {"unknown role", [&](auto& r) {
         auto* g = r.add_grants();
         g->set_role_id(world.NewId());
         g->set_all_stores(true);
       }, NOT_FOUND},
      {"unknown store", [&](auto& r) {
         auto* g = r.add_grants();
         g->set_role_id(cashier);
         g->add_store_ids(world.NewId());
       }, NOT_FOUND},
      {"unknown person", [&](auto& r) { r.set_staff_id(world.NewId()); }, NOT_FOUND},
      {"stale", [&](auto& r) { r.set_version(1); }, STALE_VERSION},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    auto request = Grants(current);
    row.change(request);
    v1::StaffMember response;
    CHECK(CodeOf(world.staff.SetStaffGrants(call, request, &response)) == row.code);
  }
}

TEST_CASE("Nobody gives away, or takes over, what they do not hold", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  v1::CreateRoleRequest hr;
  hr.set_role_id(world.NewId());
  hr.set_name("hr");
  for (const Permission p : {STAFF_READ, STAFF_WRITE, ROLE_READ, ROLE_WRITE}) hr.add_permissions(p);
  v1::Role role;
  REQUIRE(world.staff.CreateRole(call, hr, &role).ok());
  const auto member =
      world.MakeStaff(admin.access_token(), "hr@example.com", BuiltInRole::kCashier);
  auto request = Grants(Get(world, call, member.staff_id()));
  auto* grant = request.add_grants();
  grant->set_role_id(role.role_id());
  grant->set_all_stores(true);
  v1::StaffMember out;
  REQUIRE(world.staff.SetStaffGrants(call, request, &out).ok());
  TestCall clerk = world.As(world.SignIn("hr@example.com", World::kPassword)->access_token());

  auto up = Grants(out);
  auto* more = up.add_grants();
  more->set_role_id(BuiltInRoleId(call.tenant(), BuiltInRole::kAdmin).ToString());
  more->set_all_stores(true);
  CHECK(CodeOf(world.staff.SetStaffGrants(clerk, up, &out)) == PERMISSION_DENIED);
  v1::SetStaffPasswordRequest password;
  password.set_staff_id(admin.staff_id());
  password.set_password("taken over 123");
  v1::SetStaffPasswordResponse done;
  CHECK(CodeOf(world.staff.SetStaffPassword(clerk, password, &done)) == PERMISSION_DENIED);
  v1::UpdateStaffRequest update;
  update.set_staff_id(admin.staff_id());
  update.set_version(1);
  update.set_email("mine@example.com");
  CHECK(CodeOf(world.staff.UpdateStaff(clerk, update, &out)) == PERMISSION_DENIED);
  v1::CreateRoleRequest strong = hr;
  strong.set_role_id(world.NewId());
  strong.set_name("strong");
  strong.add_permissions(SALE_VOID);
  CHECK(CodeOf(world.staff.CreateRole(clerk, strong, &role)) == PERMISSION_DENIED);
  v1::UpdateRoleRequest widen;
  widen.set_role_id(hr.role_id());
  widen.set_version(1);
  widen.add_permissions(SALE_VOID);
  CHECK(CodeOf(world.staff.UpdateRole(clerk, widen, &role)) == PERMISSION_DENIED);
}

TEST_CASE("A tenant keeps an administrator, also when two remove each other at once",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  v1::UpdateStaffRequest leave;
  leave.set_staff_id(admin.staff_id());
  leave.set_version(1);
  leave.set_active(false);
  v1::StaffMember out;
  CHECK(CodeOf(world.staff.UpdateStaff(call, leave, &out)) == LAST_ADMINISTRATOR);
  v1::SetStaffGrantsRequest none;
  none.set_staff_id(admin.staff_id());
  none.set_version(1);
  CHECK(CodeOf(world.staff.SetStaffGrants(call, none, &out)) == LAST_ADMINISTRATOR);

  const auto second = world.MakeStaff(admin.access_token(), "two@example.com", BuiltInRole::kAdmin);
  const auto current = Get(world, call, second.staff_id());
  std::atomic<int> won{0}, refused{0};
  const auto deactivate = [&](const std::string& id, int64_t version) {
    TestCall own(call.claims());
    v1::UpdateStaffRequest request;
    request.set_staff_id(id);
    request.set_version(version);
    request.set_active(false);
    v1::StaffMember member;
    const ErrorCode code = CodeOf(world.staff.UpdateStaff(own, request, &member));
    if (code == ERROR_CODE_UNSPECIFIED) ++won;
    if (code == LAST_ADMINISTRATOR) ++refused;
  };
  std::thread one([&] { deactivate(admin.staff_id(), 1); });
  std::thread two([&] { deactivate(second.staff_id(), current.version()); });
  one.join();
  two.join();
  CHECK(won == 1);
  CHECK(refused == 1);
}

TEST_CASE("UpdateStaff: deactivation ends sessions, a new address replaces the old one",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const auto member = world.MakeStaff(admin.access_token(), "a@example.com", BuiltInRole::kCashier);
  auto current = Get(world, call, member.staff_id());
  v1::UpdateStaffRequest update;
  update.set_staff_id(member.staff_id());
  update.set_version(current.version());
  update.set_email("owner@example.com");
  CHECK(CodeOf(world.staff.UpdateStaff(call, update, &current)) == EMAIL_TAKEN);
  update.set_email("B@example.com");
  REQUIRE(world.staff.UpdateStaff(call, update, &current).ok());
  CHECK(CodeOf(world.SignIn("a@example.com", World::kPassword).status()) == INVALID_CREDENTIALS);
  const auto session = world.SignIn("b@example.com", World::kPassword);
  REQUIRE(session.ok());
  update.clear_email();
  update.set_version(current.version());
  update.set_active(false);
  REQUIRE(world.staff.UpdateStaff(call, update, &current).ok());
  CHECK(CodeOf(world.Verify(session->access_token()).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(world.Refresh(session->refresh_token()).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(world.SignIn("b@example.com", World::kPassword).status()) == INVALID_CREDENTIALS);
}

TEST_CASE("Roles: built-in ones are fixed, held ones stay, changes reach their holders",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  v1::UpdateRoleRequest update;
  update.set_role_id(BuiltInRoleId(call.tenant(), BuiltInRole::kCashier).ToString());
  update.set_version(1);
  update.set_name("teller");
  v1::Role role;
  CHECK(CodeOf(world.staff.UpdateRole(call, update, &role)) == ARCHIVED);

  v1::CreateRoleRequest create;
  create.set_role_id(world.NewId());
  create.set_name("cashier");
  create.add_permissions(SALE_CREATE);
  CHECK(CodeOf(world.staff.CreateRole(call, create, &role)) == ALREADY_EXISTS);
  create.set_name("weekend");
  REQUIRE(world.staff.CreateRole(call, create, &role).ok());
  REQUIRE(world.staff.CreateRole(call, create, &role).ok());
  CHECK(call.is_replayed);

  const auto member = world.MakeStaff(admin.access_token(), "w@example.com", BuiltInRole::kCashier);
  auto request = Grants(Get(world, call, member.staff_id()));
  auto* grant = request.add_grants();
  grant->set_role_id(role.role_id());
  grant->set_all_stores(true);
  v1::StaffMember out;
  REQUIRE(world.staff.SetStaffGrants(call, request, &out).ok());
  world.clock.Advance(absl::Seconds(2));
  const auto session = world.SignIn("w@example.com", World::kPassword);
  REQUIRE(world.Verify(session->access_token()).ok());

  v1::DeleteRoleRequest remove;
  remove.set_role_id(role.role_id());
  remove.set_version(1);
  v1::DeleteRoleResponse removed;
  CHECK(CodeOf(world.staff.DeleteRole(call, remove, &removed)) == STILL_REFERENCED);
  update.set_role_id(role.role_id());
  update.clear_name();
  update.add_permissions(REPORT_READ);
  REQUIRE(world.staff.UpdateRole(call, update, &role).ok());
  CHECK(CodeOf(world.Verify(session->access_token()).status()) == TOKEN_REVOKED);
  const auto refreshed = world.Refresh(session->refresh_token());
  REQUIRE(refreshed.ok());
  const auto claims = world.Verify(refreshed->access_token());
  CHECK(claims->HasForTenant(REPORT_READ));
  CHECK(!claims->HasForTenant(SALE_CREATE));

  request = Grants(Get(world, call, member.staff_id()));
  REQUIRE(world.staff.SetStaffGrants(call, request, &out).ok());
  remove.set_version(2);
  CHECK(world.staff.DeleteRole(call, remove, &removed).ok());
}

TEST_CASE("Audit: every change leaves who, what, where, before and after, and nobody can alter it",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const auto store = world.MakeStore(admin.access_token(), "S1");
  v1::UpdateStoreRequest update;
  update.set_store_id(store.store_id());
  update.set_version(1);
  update.set_name("Renamed");
  v1::Store out;
  world.clock.Advance(absl::Seconds(1));
  REQUIRE(world.organisation.UpdateStore(call, update, &out).ok());

  v1::ListAuditEventsRequest request;
  request.set_subject_type("store");
  request.set_subject_id(store.store_id());
  v1::ListAuditEventsResponse response;
  REQUIRE(world.audit.ListAuditEvents(call, request, &response).ok());
  REQUIRE(response.events_size() == 2);
  const v1::AuditEvent& event = response.events(0);
  CHECK(event.action() == "store.update");
  CHECK(event.actor_id() == admin.staff_id());
  CHECK(event.actor_name() == "Olive Owner");
  CHECK(event.session_id() == admin.session_id());
  CHECK(event.store_id() == store.store_id());
  CHECK(event.client_ip() == "192.0.2.7");
  CHECK(event.request_id() == "request-1");
  CHECK(event.before_json().find("Store S1") != std::string::npos);
  CHECK(event.after_json().find("Renamed") != std::string::npos);
  CHECK(world.Count("SELECT count(*) FROM auth.outbox WHERE aggregate_type = 'audit'") ==
        world.Count("SELECT count(*) FROM auth.audit_events"));
  CHECK(world.Count("SELECT count(*) FROM auth.audit_events WHERE after::text LIKE '%assword%'"
                    " AND after::text LIKE '%correct horse%'") == 0);

  request.Clear();
  request.set_page_size(1);
  int pages = 0;
  do {
    response.Clear();
    REQUIRE(world.audit.ListAuditEvents(call, request, &response).ok());
    CHECK(response.events_size() == 1);
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  CHECK(pages == world.Count("SELECT count(*) FROM auth.audit_events"));

  for (const char* role : {"rw", "worker", "owner"}) {
    pg::Pool pool({.dsn = world.database.Dsn(role), .application_name = "x", .connections = 1});
    constexpr pg::Query kAlter{"alter", "UPDATE auth.audit_events SET action = 'x'"};
    constexpr pg::Query kDelete{"delete", "DELETE FROM auth.audit_events"};
    CHECK(!pool.Exec({.tenant = call.tenant()}, kAlter).ok());
    CHECK(!pool.Exec({.tenant = call.tenant()}, kDelete).ok());
  }
}

TEST_CASE("CollectAudit: rows of other services are kept once, in the tenant of their event",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  v1::AuditRecorded row;
  row.set_tenant_id(world.NewId());  // not whose event it is
  row.set_audit_id(world.NewId());
  row.set_service("inventory");
  row.set_action("price.change");
  row.set_subject_type("variant");
  row.set_subject_id("v1");
  common::v1::Event event;
  event.set_tenant_id(admin.tenant_id());
  row.SerializeToString(event.mutable_payload());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pg::TransactRaw(world.worker, {}, [&](pg::Tx& tx) {
              return CollectAudit(tx, {event, event}, world.clock.Now());
            }).ok());
  }
  TestCall call = world.As(admin.access_token());
  v1::ListAuditEventsRequest request;
  request.set_action("price.change");
  v1::ListAuditEventsResponse response;
  REQUIRE(world.audit.ListAuditEvents(call, request, &response).ok());
  REQUIRE(response.events_size() == 1);
  CHECK(response.events(0).service() == "inventory");
}

TEST_CASE("GetStaff: shows until when an account is delayed", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  CHECK(!Get(world, call, admin.staff_id()).has_locked_until());
  for (int i = 0; i < 5; ++i) (void)world.SignIn("owner@example.com", "wrong password 1");
  CHECK(Get(world, call, admin.staff_id()).has_locked_until());
  v1::ListStaffResponse list;
  REQUIRE(world.staff.ListStaff(call, {}, &list).ok());
  REQUIRE(list.staff_size() == 1);
  CHECK(list.staff(0).grants_size() == 1);
}

}  // namespace cloudpos::auth
