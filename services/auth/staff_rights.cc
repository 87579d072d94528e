#include "services/auth/staff_rights.h"

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/auth/convert.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {

v1::StaffRightsChanged RightsEvent(const StaffMember& staff, const std::vector<RoleGrant>& grants,
                                   absl::Time changed_at) {
  v1::StaffRightsChanged event;
  event.set_tenant_id(staff.tenant_id.ToString());
  event.set_staff_id(staff.staff_id.ToString());
  base::SetTime(changed_at, event.mutable_changed_at());
  base::SetTime(staff.created_at, event.mutable_created_at());
  event.set_active(staff.active);
  for (const token::Grant& grant : EffectiveGrants(grants)) {
    v1::StaffGrant* out = event.add_grants();
    for (const base::Uuid& store : grant.stores) out->add_store_ids(store.ToString());
    out->set_permissions(grant.permissions.ToBase64Url());
  }
  return event;
}

absl::Status RecordRights(pg::Tx& tx, const Deps& deps, const Actor& actor,
                          const StaffMember& staff, const std::vector<RoleGrant>& grants,
                          absl::Time now) {
  return RecordEvent(tx, *deps.ids, actor, "staff_rights", staff.staff_id,
                     RightsEvent(staff, grants, now));
}

absl::Status RecordRightsOf(pg::Tx& tx, const Deps& deps, const Actor& actor,
                            const std::vector<base::Uuid>& holders, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(GrantsByStaff grants, SelectGrants(tx, actor.tenant, holders));
  for (const base::Uuid& holder : holders) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto staff, SelectStaff(tx, actor.tenant, holder));
    if (!staff) continue;
    CLOUDPOS_RETURN_IF_ERROR(RecordRights(tx, deps, actor, *staff, grants[holder], now));
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
