// The tenant itself.

#include "libs/base/status_macros.h"
#include "services/auth/changes.h"
#include "services/auth/convert.h"
#include "services/auth/domain/fields.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/store_organisation.h"

namespace cloudpos::auth {

rpc::MethodTable OrganisationHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.OrganisationService");
  table.Unary("GetTenant", this, &OrganisationHandler::GetTenant)
      .Unary("UpdateTenant", this, &OrganisationHandler::UpdateTenant)
      .Unary("CreateStore", this, &OrganisationHandler::CreateStore)
      .Unary("GetStore", this, &OrganisationHandler::GetStore)
      .Unary("ListStores", this, &OrganisationHandler::ListStores)
      .Unary("UpdateStore", this, &OrganisationHandler::UpdateStore)
      .Unary("ArchiveStore", this, &OrganisationHandler::ArchiveStore)
      .Unary("RestoreStore", this, &OrganisationHandler::RestoreStore)
      .Unary("CreateRegister", this, &OrganisationHandler::CreateRegister)
      .Unary("GetRegister", this, &OrganisationHandler::GetRegister)
      .Unary("ListRegisters", this, &OrganisationHandler::ListRegisters)
      .Unary("UpdateRegister", this, &OrganisationHandler::UpdateRegister)
      .Unary("CreateDevice", this, &OrganisationHandler::CreateDevice)
      .Unary("GetDevice", this, &OrganisationHandler::GetDevice)
      .Unary("ListDevices", this, &OrganisationHandler::ListDevices)
      .Unary("UpdateDevice", this, &OrganisationHandler::UpdateDevice)
      .Unary("RevokeDevice", this, &OrganisationHandler::RevokeDevice);
  return table;
}

absl::Status OrganisationHandler::GetTenant(rpc::CallContext& ctx, const v1::GetTenantRequest&,
                                            v1::Tenant* response) {
  using Found = std::optional<Tenant>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Found tenant, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
        return SelectTenant(tx, ctx.tenant());
      }));
  if (!tenant) return NotFound("tenant");
  *response = ToProto(*tenant);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::UpdateTenant(rpc::CallContext& ctx,
                                               const v1::UpdateTenantRequest& request,
                                               v1::Tenant* response) {
  if (request.has_name()) CLOUDPOS_RETURN_IF_ERROR(CheckName(request.name(), "name"));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Tenant tenant,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Tenant> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectTenantForUpdate(tx, ctx.tenant()));
        if (!before) return NotFound("tenant");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        Tenant after = *before;
        if (request.has_name()) after.name = request.name();
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateTenant(tx, after));
        const v1::Tenant old_state = ToProto(*before), new_state = ToProto(after);
        CLOUDPOS_RETURN_IF_ERROR(RecordAudit(tx, *deps_.ids, actor,
                                             {.action = "tenant.update",
                                              .subject_type = "tenant",
                                              .subject_id = after.tenant_id.ToString(),
                                              .store = std::nullopt,
                                              .before = &old_state,
                                              .after = &new_state},
                                             now));
        CLOUDPOS_RETURN_IF_ERROR(
            RecordEvent(tx, *deps_.ids, actor, "tenant", after.tenant_id, ToEvent(after)));
        return after;
      }));
  Ring(deps_);
  *response = ToProto(tenant);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
