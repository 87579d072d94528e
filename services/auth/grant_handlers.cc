// Who may do what where.

#include <algorithm>
#include <set>

#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/identity_state.h"
#include "services/auth/staff_changes.h"
#include "services/auth/staff_handler.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

absl::StatusOr<RoleGrant> ParseGrant(const v1::RoleGrant& grant, const std::string& path) {
  RoleGrant parsed;
  CLOUDPOS_ASSIGN_OR_RETURN(parsed.role_id,
                            base::Uuid::ParseField(grant.role_id(), path + ".roleId"));
  parsed.all_stores = grant.all_stores();
  if (grant.all_stores() != grant.store_ids().empty()) {
    return base::Fail(grant.all_stores() ? INVALID_ARGUMENT : FIELD_REQUIRED, path + ".storeIds",
                      grant.all_stores() ? "must be empty with allStores"
                                         : "is required without allStores");
  }
  std::set<base::Uuid> stores;  // sorted and once each
  for (const std::string& text : grant.store_ids()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                              base::Uuid::ParseField(text, path + ".storeIds"));
    stores.insert(store);
  }
  if (stores.size() > kGrantStoresMax) {
    return base::Fail(LIMIT_EXCEEDED, path + ".storeIds", "must be 200 stores at most");
  }
  parsed.store_ids.assign(stores.begin(), stores.end());
  return parsed;
}

absl::StatusOr<std::vector<RoleGrant>> ParseGrants(const v1::SetStaffGrantsRequest& request) {
  if (static_cast<size_t>(request.grants_size()) > kGrantRolesMax) {
    return base::Fail(LIMIT_EXCEEDED, "grants", "must be 20 at most");
  }
  std::vector<RoleGrant> grants;
  std::set<base::Uuid> roles;
  for (int i = 0; i < request.grants_size(); ++i) {
    const std::string path = "grants[" + std::to_string(i) + "]";
    CLOUDPOS_ASSIGN_OR_RETURN(RoleGrant grant, ParseGrant(request.grants(i), path));
    if (!roles.insert(grant.role_id).second) {
      return base::Fail(INVALID_ARGUMENT, path + ".roleId", "is in the list twice");
    }
    grants.push_back(std::move(grant));
  }
  return grants;
}

/// Fills in the roles' permissions; NOT_FOUND for a role or store that is not of this tenant. Roles
/// are locked in the order of their ids.
absl::Status Resolve(pg::Tx& tx, const base::Uuid& tenant, std::vector<RoleGrant>& grants) {
  std::sort(grants.begin(), grants.end(),
            [](const RoleGrant& a, const RoleGrant& b) { return a.role_id < b.role_id; });
  for (RoleGrant& grant : grants) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto role, SelectRoleForUpdate(tx, tenant, grant.role_id));
    if (!role) return base::Fail(NOT_FOUND, "grants.roleId", "is no role");
    grant.permissions = role->permissions;
    CLOUDPOS_ASSIGN_OR_RETURN(const size_t found, CountStores(tx, tenant, grant.store_ids));
    if (found != grant.store_ids.size()) {
      return base::Fail(NOT_FOUND, "grants.storeIds", "names a store that does not exist");
    }
  }
  return absl::OkStatus();
}

absl::Status Replace(pg::Tx& tx, const StaffMember& staff, const std::vector<RoleGrant>& grants,
                     absl::Time now) {
  CLOUDPOS_RETURN_IF_ERROR(DeleteGrants(tx, staff.tenant_id, staff.staff_id));
  for (const RoleGrant& grant : grants) {
    CLOUDPOS_RETURN_IF_ERROR(InsertGrant(tx, staff.tenant_id, staff.staff_id, grant));
  }
  CLOUDPOS_RETURN_IF_ERROR(auth::UpdateStaff(tx, staff));
  return RaiseNotBefore(tx, staff.tenant_id, {staff.staff_id}, now);
}

}  // namespace

absl::Status StaffHandler::SetStaffGrants(rpc::CallContext& ctx,
                                          const v1::SetStaffGrantsRequest& request,
                                          v1::StaffMember* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<RoleGrant> wanted, ParseGrants(request));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const LoadedStaff updated,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<LoadedStaff> {
        CLOUDPOS_RETURN_IF_ERROR(SelectTenantForUpdate(tx, ctx.tenant()).status());
        std::vector<RoleGrant> grants = wanted;
        CLOUDPOS_RETURN_IF_ERROR(Resolve(tx, ctx.tenant(), grants));
        CLOUDPOS_ASSIGN_OR_RETURN(const LoadedStaff before,
                                  LoadStaffForUpdate(tx, ctx.tenant(), id));
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before.staff.version, request.version()));
        CLOUDPOS_RETURN_IF_ERROR(CheckTokenSize(EffectiveGrants(grants)));
        // Neither what is given nor what is taken away may be more than the caller's own.
        CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), grants));
        CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), before.grants));
        if (IsAdministrator(ctx.tenant(), before.grants) &&
            !IsAdministrator(ctx.tenant(), grants)) {
          CLOUDPOS_RETURN_IF_ERROR(CheckOtherAdministrator(tx, ctx.tenant(), id));
        }
        LoadedStaff after{.staff = before.staff, .grants = grants};
        Touch(after.staff, now);
        CLOUDPOS_RETURN_IF_ERROR(Replace(tx, after.staff, grants, now));
        CLOUDPOS_RETURN_IF_ERROR(
            RecordStaff(tx, deps_, actor, "staff.grant", &before, after, now));
        return after;
      }));
  Ring(deps_);
  deps_.identity->Poke();
  *response = ToProto(updated.staff, updated.grants);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
