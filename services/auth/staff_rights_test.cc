// What others learn of people's rights.

#include "services/auth/staff_rights.h"

#include <catch2/catch.hpp>

#include "services/auth/feed.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // permissions

constexpr pg::Query kSelectRights{"test_select_rights", R"sql(
  SELECT payload FROM auth.outbox WHERE aggregate_type = 'staff_rights' AND aggregate_id = $1
  ORDER BY seq)sql"};

/// What the events say of somebody, oldest first.
std::vector<v1::StaffRightsChanged> RightsOf(World& world, const std::string& staff) {
  const auto rows = world.worker.Exec({}, kSelectRights, staff);
  REQUIRE(rows.ok());
  std::vector<v1::StaffRightsChanged> events;
  for (const pg::Row row : *rows) {
    REQUIRE(events.emplace_back().ParseFromString(row.Get<pg::Bytes>("payload").value));
  }
  return events;
}

bool Allows(const v1::StaffRightsChanged& event, Permission permission) {
  bool is_allowed = false;
  for (const v1::StaffGrant& grant : event.grants()) {
    is_allowed |= token::PermissionSet::FromBase64Url(grant.permissions())->Has(permission);
  }
  return event.active() && is_allowed;
}

}  // namespace

TEST_CASE("StaffRightsChanged: sent with each change of person, roles held, and role",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const auto founder = RightsOf(world, admin.staff_id());
  REQUIRE(founder.size() == 1);
  CHECK(Allows(founder[0], SALE_CREATE));
  CHECK(founder[0].grants(0).store_ids().empty());

  v1::CreateRoleRequest helper;
  helper.set_role_id(world.NewId());
  helper.set_name("helper");
  helper.add_permissions(SALE_CREATE);
  v1::Role role;
  REQUIRE(world.staff.CreateRole(call, helper, &role).ok());
  const auto member = world.MakeStaff(admin.access_token(), "a@example.com", BuiltInRole::kCashier);
  v1::SetStaffGrantsRequest grants;
  grants.set_staff_id(member.staff_id());
  v1::GetStaffRequest get;
  get.set_staff_id(member.staff_id());
  v1::StaffMember out;
  REQUIRE(world.staff.GetStaff(call, get, &out).ok());
  grants.set_version(out.version());
  const std::string store = world.MakeStore(admin.access_token(), "S1").store_id();
  auto* grant = grants.add_grants();
  grant->set_role_id(role.role_id());
  grant->add_store_ids(store);
  const absl::Status given = world.staff.SetStaffGrants(call, grants, &out);
  INFO(given);
  REQUIRE(given.ok());
  auto known = RightsOf(world, member.staff_id());
  CHECK(known.back().grants_size() == 1);
  CHECK(known.back().grants(0).store_ids(0) == store);
  CHECK(Allows(known.back(), SALE_CREATE));
  CHECK_FALSE(Allows(known.back(), SALE_DISCOUNT_LINE));

  world.clock.Advance(absl::Hours(1));
  v1::UpdateRoleRequest widen;
  widen.set_role_id(role.role_id());
  widen.set_version(1);
  widen.add_permissions(SALE_CREATE);
  widen.add_permissions(SALE_DISCOUNT_LINE);
  REQUIRE(world.staff.UpdateRole(call, widen, &role).ok());
  const size_t before = known.size();
  known = RightsOf(world, member.staff_id());
  REQUIRE(known.size() == before + 1);
  CHECK(Allows(known.back(), SALE_DISCOUNT_LINE));
  CHECK(known.back().changed_at().seconds() == absl::ToUnixSeconds(world.clock.Now()));
  CHECK(known.back().created_at().seconds() < known.back().changed_at().seconds());

  // The snapshot tells the state with the time of its last change.
  const auto snapshot = [&](const std::string& id) {
    v1::StaffRightsChanged found;
    const absl::Status status =
        pg::TransactRaw(world.worker, {.repeatable_read = true}, [&](pg::Tx& tx) {
          return SendSnapshot(tx, [&](std::vector<common::v1::Event> events) {
            for (const auto& event : events) {
              if (event.aggregate_id() == id) REQUIRE(found.ParseFromString(event.payload()));
            }
            return absl::OkStatus();
          });
        });
    INFO(status);
    CHECK(status.ok());
    return found.SerializeAsString();
  };
  CHECK(snapshot(member.staff_id()) == known.back().SerializeAsString());

  v1::UpdateStaffRequest leave;
  leave.set_staff_id(member.staff_id());
  leave.set_version(out.version());
  leave.set_active(false);
  REQUIRE(world.staff.UpdateStaff(call, leave, &out).ok());
  known = RightsOf(world, member.staff_id());
  CHECK_FALSE(Allows(known.back(), SALE_CREATE));
  CHECK(snapshot(member.staff_id()) == known.back().SerializeAsString());
}

}  // namespace cloudpos::auth
