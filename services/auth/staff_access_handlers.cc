// Other people's passwords, locks and sessions.

#include "libs/base/status_macros.h"
#include "services/auth/domain/password_rules.h"
#include "services/auth/identity_state.h"
#include "services/auth/login_guard.h"
#include "services/auth/session_pages.h"
#include "services/auth/staff_changes.h"
#include "services/auth/staff_handler.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

Change ChangeOf(const base::Uuid& staff, std::string_view action) {
  return {.action = action,
          .subject_type = "staff",
          .subject_id = staff.ToString(),
          .store = std::nullopt};
}

absl::Status RequireStaff(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectStaff(tx, tenant, staff));
  return found ? absl::OkStatus() : NotFound("staff member");
}

}  // namespace

absl::Status StaffHandler::SetStaffPassword(rpc::CallContext& ctx,
                                            const v1::SetStaffPasswordRequest& request,
                                            v1::SetStaffPasswordResponse*) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckPassword(request.password(), "", "password"));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string hash,
                            deps_.hasher->Hash(request.password(), ctx.deadline()));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const LoadedStaff loaded,
                                  LoadStaffForUpdate(tx, ctx.tenant(), id));
        CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), loaded.grants));
        if (loaded.staff.email.empty()) {
          return base::Fail(INVALID_ARGUMENT, "staffId", "has no e-mail address to sign in with");
        }
        CLOUDPOS_RETURN_IF_ERROR(CheckPassword(request.password(), loaded.staff.email, "password"));
        CLOUDPOS_RETURN_IF_ERROR(UpdatePassword(tx, ctx.tenant(), id, hash, true, now));
        CLOUDPOS_RETURN_IF_ERROR(EndSessions(tx,
                                             {.tenant = ctx.tenant(),
                                              .staff = id,
                                              .only = std::nullopt,
                                              .except = std::nullopt,
                                              .reason = "password set"},
                                             now)
                                     .status());
        return RecordAudit(tx, *deps_.ids, actor, ChangeOf(id, "password.set"), now);
      }));
  Ring(deps_);
  deps_.identity->Poke();
  return absl::OkStatus();
}

absl::Status StaffHandler::UnlockStaff(rpc::CallContext& ctx,
                                       const v1::UnlockStaffRequest& request,
                                       v1::UnlockStaffResponse*) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto staff, SelectStaff(tx, ctx.tenant(), id));
        if (!staff) return NotFound("staff member");
        CLOUDPOS_RETURN_IF_ERROR(DeleteLoginFailures(tx, AccountHash(staff->email)));
        return RecordAudit(tx, *deps_.ids, actor, ChangeOf(id, "staff.unlock"), now);
      }));
  Ring(deps_);
  return absl::OkStatus();
}

absl::Status StaffHandler::ListStaffSessions(rpc::CallContext& ctx,
                                             const v1::ListStaffSessionsRequest& request,
                                             v1::ListStaffSessionsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  CLOUDPOS_RETURN_IF_ERROR(pg::TransactRaw(
      *deps_.pool, TxFor(ctx), [&](pg::Tx& tx) { return RequireStaff(tx, ctx.tenant(), id); }));
  return ListSessionsOf(deps_, ctx, id, request, response);
}

absl::Status StaffHandler::RevokeStaffSessions(rpc::CallContext& ctx,
                                               const v1::RevokeStaffSessionsRequest& request,
                                               v1::RevokeStaffSessionsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  std::optional<base::Uuid> only;
  if (!request.session_id().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(only, base::Uuid::ParseField(request.session_id(), "sessionId"));
  }
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const int revoked,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<int> {
        CLOUDPOS_RETURN_IF_ERROR(RequireStaff(tx, ctx.tenant(), id));
        if (only) {
          CLOUDPOS_ASSIGN_OR_RETURN(const bool exists, SessionExists(tx, ctx.tenant(), id, *only));
          if (!exists) return NotFound("session of this person");
        }
        CLOUDPOS_ASSIGN_OR_RETURN(const int ended, EndSessions(tx,
                                                               {.tenant = ctx.tenant(),
                                                                .staff = id,
                                                                .only = only,
                                                                .except = std::nullopt,
                                                                .reason = "revoked"},
                                                               now));
        CLOUDPOS_RETURN_IF_ERROR(
            RecordAudit(tx, *deps_.ids, actor, ChangeOf(id, "session.revoke"), now));
        return ended;
      }));
  Ring(deps_);
  deps_.identity->Poke();
  response->set_revoked(revoked);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
