#include "services/auth/tenants.h"

#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/domain/fields.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/password_rules.h"
#include "services/auth/staff_rights.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

// Namespace of ids that are the same in every installation; fixed for ever.
constexpr std::string_view kSuiteSpace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";

absl::Status InsertBuiltInRoles(pg::Tx& tx, const Tenant& tenant) {
  for (const BuiltInRole built_in : kBuiltInRoles) {
    const Role role{.tenant_id = tenant.tenant_id,
                    .role_id = BuiltInRoleId(tenant.tenant_id, built_in),
                    .version = 1,
                    .name = std::string(BuiltInName(built_in)),
                    .built_in = built_in,
                    .permissions = {},
                    .created_at = tenant.created_at,
                    .updated_at = tenant.created_at};
    CLOUDPOS_RETURN_IF_ERROR(InsertRole(tx, role, "").status());
  }
  return absl::OkStatus();
}

}  // namespace

base::Uuid ReplayTenantId() {
  return base::DeriveUuidV5(*base::Uuid::Parse(kSuiteSpace), "cloudpos tenant replay");
}

absl::Status CreateTenant(pg::Tx& tx, const Deps& deps, const Actor& actor, const Tenant& tenant) {
  CLOUDPOS_RETURN_IF_ERROR(InsertTenant(tx, tenant));
  CLOUDPOS_RETURN_IF_ERROR(
      InsertDirectory(tx, "tenant_slug", tenant.slug, tenant.tenant_id, tenant.tenant_id));
  CLOUDPOS_RETURN_IF_ERROR(InsertBuiltInRoles(tx, tenant));
  const v1::Tenant after = ToProto(tenant);
  CLOUDPOS_RETURN_IF_ERROR(RecordAudit(tx, *deps.ids, actor,
                                       {.action = "tenant.create",
                                        .subject_type = "tenant",
                                        .subject_id = tenant.tenant_id.ToString(),
                                        .store = std::nullopt,
                                        .before = nullptr,
                                        .after = &after},
                                       tenant.created_at));
  return RecordEvent(tx, *deps.ids, actor, "tenant", tenant.tenant_id, ToEvent(tenant));
}

absl::Status CheckFounding(Founding& founding, const FoundingFields& fields) {
  CLOUDPOS_RETURN_IF_ERROR(CheckName(founding.tenant_name, fields.tenant_name));
  CLOUDPOS_RETURN_IF_ERROR(CheckSlug(founding.tenant_slug, fields.tenant_slug));
  if (founding.tenant_slug == kReplaySlug) {
    return base::Fail(common::v1::INVALID_ARGUMENT, fields.tenant_slug, "is reserved");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(founding.email, NormalizeEmail(founding.email, "email"));
  CLOUDPOS_RETURN_IF_ERROR(CheckName(founding.display_name, "displayName"));
  return CheckPassword(founding.password, founding.email, "password");
}

StaffMember FounderOf(const Deps& deps, const Founding& founding, absl::Time now) {
  StaffMember staff;
  staff.tenant_id = deps.ids->NewId();
  staff.staff_id = deps.ids->NewId();
  staff.display_name = founding.display_name;
  staff.email = founding.email;
  staff.created_at = now;
  staff.updated_at = now;
  return staff;
}

absl::Status Found(pg::Tx& tx, const Deps& deps, const Actor& actor, const Founding& founding,
                   const StaffMember& founder, const std::string& password_hash,
                   std::string_view action) {
  CLOUDPOS_RETURN_IF_ERROR(CreateTenant(tx, deps, actor,
                                        {.tenant_id = founder.tenant_id,
                                         .version = 1,
                                         .name = founding.tenant_name,
                                         .slug = founding.tenant_slug,
                                         .active = true,
                                         .created_at = founder.created_at,
                                         .updated_at = founder.created_at}));
  CLOUDPOS_RETURN_IF_ERROR(
      InsertDirectory(tx, "email", founder.email, founder.tenant_id, founder.staff_id));
  CLOUDPOS_RETURN_IF_ERROR(InsertStaff(tx, founder, password_hash, "").status());
  const RoleGrant grant{.role_id = BuiltInRoleId(founder.tenant_id, BuiltInRole::kAdmin),
                        .all_stores = true,
                        .store_ids = {},
                        .permissions = BuiltInPermissions(BuiltInRole::kAdmin)};
  CLOUDPOS_RETURN_IF_ERROR(InsertGrant(tx, founder.tenant_id, founder.staff_id, grant));
  CLOUDPOS_RETURN_IF_ERROR(RecordRights(tx, deps, actor, founder, {grant}, founder.created_at));
  const v1::StaffMember after = ToProto(founder, {grant});
  return RecordAudit(tx, *deps.ids, actor,
                     {.action = action,
                      .subject_type = "staff",
                      .subject_id = founder.staff_id.ToString(),
                      .store = std::nullopt,
                      .before = nullptr,
                      .after = &after},
                     founder.created_at);
}

}  // namespace cloudpos::auth
