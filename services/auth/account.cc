// One's own account: who am I, my sessions, signing out.

#include "libs/base/status_macros.h"
#include "services/auth/auth_handler.h"
#include "services/auth/convert.h"
#include "services/auth/identity_state.h"
#include "services/auth/session_pages.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

/// Ends one session of the caller's, with its audit row; 0 when it had ended before.
absl::StatusOr<int> EndOwn(pg::Tx& tx, const Deps& deps, const rpc::CallContext& ctx,
                           const base::Uuid& session, std::string_view action, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int ended, EndSessions(tx,
                                                         {.tenant = ctx.tenant(),
                                                          .staff = ctx.subject(),
                                                          .only = session,
                                                          .except = std::nullopt,
                                                          .reason = action},
                                                         now));
  if (ended == 0) return 0;
  CLOUDPOS_RETURN_IF_ERROR(RecordAudit(tx, *deps.ids, ActorOf(ctx),
                                       {.action = action,
                                        .subject_type = "session",
                                        .subject_id = session.ToString(),
                                        .store = std::nullopt},
                                       now));
  return ended;
}

}  // namespace

rpc::MethodTable AuthHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.AuthService");
  table.Unary("BootstrapAdmin", this, &AuthHandler::BootstrapAdmin)
      .Unary("SignIn", this, &AuthHandler::SignIn)
      .Unary("RefreshSession", this, &AuthHandler::RefreshSession)
      .Unary("SignOut", this, &AuthHandler::SignOut)
      .Unary("ChangePassword", this, &AuthHandler::ChangePassword)
      .Unary("GetMe", this, &AuthHandler::GetMe)
      .Unary("ListSessions", this, &AuthHandler::ListSessions)
      .Unary("RevokeSession", this, &AuthHandler::RevokeSession)
      .Unary("ListPermissions", this, &AuthHandler::ListPermissions);
  return table;
}

absl::Status AuthHandler::SignOut(rpc::CallContext& ctx, const v1::SignOutRequest&,
                                  v1::SignOutResponse*) {
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const int ended, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
        return EndOwn(tx, deps_, ctx, ctx.claims().session, "session.signout", now);
      }));
  if (ended > 0) Ring(deps_);
  deps_.identity->Poke();
  return absl::OkStatus();
}

absl::Status AuthHandler::GetMe(rpc::CallContext& ctx, const v1::GetMeRequest&,
                                v1::GetMeResponse* response) {
  std::optional<StaffMember> staff;
  std::optional<Tenant> tenant;
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(staff, SelectStaff(tx, ctx.tenant(), ctx.subject()));
        CLOUDPOS_ASSIGN_OR_RETURN(tenant, SelectTenant(tx, ctx.tenant()));
        return absl::OkStatus();
      }));
  if (!staff || !tenant) return NotFound("person");
  response->set_tenant_id(tenant->tenant_id.ToString());
  response->set_tenant_name(tenant->name);
  response->set_tenant_slug(tenant->slug);
  response->set_staff_id(staff->staff_id.ToString());
  response->set_display_name(staff->display_name);
  response->set_email(staff->email);
  response->set_session_id(ctx.claims().session.ToString());
  response->set_password_change_required(staff->password_change_required);
  for (const token::Grant& grant : ctx.claims().grants) {
    v1::EffectiveGrant* out = response->add_grants();
    for (const base::Uuid& store : grant.stores) out->add_store_ids(store.ToString());
    for (const Permission p : grant.permissions.ToList()) out->add_permissions(p);
  }
  return absl::OkStatus();
}

absl::Status AuthHandler::ListSessions(rpc::CallContext& ctx,
                                       const v1::ListSessionsRequest& request,
                                       v1::ListSessionsResponse* response) {
  return ListSessionsOf(deps_, ctx, ctx.subject(), request, response);
}

absl::Status AuthHandler::RevokeSession(rpc::CallContext& ctx,
                                        const v1::RevokeSessionRequest& request,
                                        v1::RevokeSessionResponse*) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid session,
                            base::Uuid::ParseField(request.session_id(), "sessionId"));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const bool exists,
                                  SessionExists(tx, ctx.tenant(), ctx.subject(), session));
        if (!exists) return NotFound("session of yours");
        return EndOwn(tx, deps_, ctx, session, "session.revoke", now).status();
      }));
  Ring(deps_);
  deps_.identity->Poke();
  return absl::OkStatus();
}

absl::Status AuthHandler::ListPermissions(rpc::CallContext&, const v1::ListPermissionsRequest&,
                                          v1::ListPermissionsResponse* response) {
  for (const Permission p : BuiltInPermissions(BuiltInRole::kAdmin).ToList()) {
    v1::PermissionInfo* info = response->add_permissions();
    info->set_permission(p);
    info->set_name(
        Permission_descriptor()->FindValueByNumber(p)->options().GetExtension(permission_name));
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
