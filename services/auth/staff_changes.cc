#include "services/auth/staff_changes.h"

#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/staff_rights.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {

absl::StatusOr<LoadedStaff> LoadStaffForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                               const base::Uuid& staff) {
  CLOUDPOS_ASSIGN_OR_RETURN(auto found, SelectStaffForUpdate(tx, tenant, staff));
  if (!found) return NotFound("staff member");
  CLOUDPOS_ASSIGN_OR_RETURN(auto grants, SelectGrants(tx, tenant, {staff}));
  return LoadedStaff{.staff = *std::move(found), .grants = std::move(grants[staff])};
}

absl::Status CheckOtherAdministrator(pg::Tx& tx, const base::Uuid& tenant,
                                     const base::Uuid& staff) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const int64_t others,
      CountOtherHolders(tx, tenant, BuiltInRoleId(tenant, BuiltInRole::kAdmin), staff));
  if (others > 0) return absl::OkStatus();
  return base::Fail(common::v1::LAST_ADMINISTRATOR,
                    "Nobody else could administer this tenant any more.");
}

absl::Status RecordStaff(pg::Tx& tx, const Deps& deps, const Actor& actor, std::string_view action,
                         const LoadedStaff* before, const LoadedStaff& after, absl::Time now) {
  v1::StaffMember old_state;
  if (before != nullptr) old_state = ToProto(before->staff, before->grants);
  const v1::StaffMember new_state = ToProto(after.staff, after.grants);
  CLOUDPOS_RETURN_IF_ERROR(RecordRights(tx, deps, actor, after.staff, after.grants, now));
  return RecordAudit(tx, *deps.ids, actor,
                     {.action = action,
                      .subject_type = "staff",
                      .subject_id = after.staff.staff_id.ToString(),
                      .store = std::nullopt,
                      .before = before == nullptr ? nullptr : &old_state,
                      .after = &new_state},
                     now);
}

}  // namespace cloudpos::auth
