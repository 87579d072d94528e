#include "services/auth/tenants.h"

#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/domain/grants.h"
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

}  // namespace cloudpos::auth
