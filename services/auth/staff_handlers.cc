// People.

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/auth/convert.h"
#include "services/auth/domain/fields.h"
#include "services/auth/domain/password_rules.h"
#include "services/auth/identity_state.h"
#include "services/auth/login_guard.h"
#include "services/auth/staff_changes.h"
#include "services/auth/staff_handler.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

absl::StatusOr<StaffMember> ParseStaff(const v1::CreateStaffRequest& request) {
  StaffMember staff;
  CLOUDPOS_ASSIGN_OR_RETURN(staff.staff_id, base::Uuid::ParseField(request.staff_id(), "staffId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckName(request.display_name(), "displayName"));
  staff.display_name = request.display_name();
  if (!request.email().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(staff.email, NormalizeEmail(request.email(), "email"));
  }
  if (request.initial_password().empty()) return staff;
  if (staff.email.empty()) {
    return base::Fail(FIELD_REQUIRED, "email", "is required with a password");
  }
  CLOUDPOS_RETURN_IF_ERROR(
      CheckPassword(request.initial_password(), staff.email, "initialPassword"));
  staff.password_change_required = true;
  return staff;
}

/// Ends what a person may no longer have: all sessions and tokens.
absl::Status EndAccess(pg::Tx& tx, const StaffMember& staff, std::string_view reason,
                       absl::Time now) {
  CLOUDPOS_RETURN_IF_ERROR(EndSessions(tx,
                                       {.tenant = staff.tenant_id,
                                        .staff = staff.staff_id,
                                        .only = std::nullopt,
                                        .except = std::nullopt,
                                        .reason = reason},
                                       now)
                               .status());
  return RaiseNotBefore(tx, staff.tenant_id, {staff.staff_id}, now);
}

absl::Status MoveEmail(pg::Tx& tx, const StaffMember& before, const StaffMember& after) {
  if (before.email == after.email) return absl::OkStatus();
  if (!before.email.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(DeleteDirectory(tx, "email", before.email, before.tenant_id));
  }
  if (after.email.empty()) return absl::OkStatus();
  return InsertDirectory(tx, "email", after.email, after.tenant_id, after.staff_id);
}

/// When failed sign-ins let the person try again; InfinitePast when they may.
absl::StatusOr<absl::Time> LockedUntil(pg::Tx& tx, const StaffMember& staff, absl::Time now) {
  if (staff.email.empty()) return absl::InfinitePast();
  CLOUDPOS_ASSIGN_OR_RETURN(const LoginFailures failures,
                            SelectLoginFailures(tx, AccountHash(staff.email)));
  return failures.locked_until > now ? failures.locked_until : absl::InfinitePast();
}

}  // namespace

rpc::MethodTable StaffHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.StaffService");
  table.Unary("CreateStaff", this, &StaffHandler::CreateStaff)
      .Unary("GetStaff", this, &StaffHandler::GetStaff)
      .Unary("ListStaff", this, &StaffHandler::ListStaff)
      .Unary("UpdateStaff", this, &StaffHandler::UpdateStaff)
      .Unary("SetStaffGrants", this, &StaffHandler::SetStaffGrants)
      .Unary("SetStaffPassword", this, &StaffHandler::SetStaffPassword)
      .Unary("UnlockStaff", this, &StaffHandler::UnlockStaff)
      .Unary("ListStaffSessions", this, &StaffHandler::ListStaffSessions)
      .Unary("RevokeStaffSessions", this, &StaffHandler::RevokeStaffSessions)
      .Unary("CreateRole", this, &StaffHandler::CreateRole)
      .Unary("GetRole", this, &StaffHandler::GetRole)
      .Unary("ListRoles", this, &StaffHandler::ListRoles)
      .Unary("UpdateRole", this, &StaffHandler::UpdateRole)
      .Unary("DeleteRole", this, &StaffHandler::DeleteRole);
  return table;
}

absl::Status StaffHandler::CreateStaff(rpc::CallContext& ctx,
                                       const v1::CreateStaffRequest& request,
                                       v1::StaffMember* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(StaffMember staff, ParseStaff(request));
  staff.tenant_id = ctx.tenant();
  staff.created_at = staff.updated_at = deps_.clock->Now();
  std::optional<std::string> password_hash;
  if (!request.initial_password().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(password_hash,
                              deps_.hasher->Hash(request.initial_password(), ctx.deadline()));
  }
  const std::string hash = RequestHash(request);
  const Actor actor = ActorOf(ctx);
  using Replayed = std::optional<Existing>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Replayed replayed,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Replayed> {
        CLOUDPOS_ASSIGN_OR_RETURN(Replayed existing, InsertStaff(tx, staff, password_hash, hash));
        if (existing) return existing;
        if (!staff.email.empty()) {
          CLOUDPOS_RETURN_IF_ERROR(
              InsertDirectory(tx, "email", staff.email, staff.tenant_id, staff.staff_id));
        }
        CLOUDPOS_RETURN_IF_ERROR(RecordStaff(tx, deps_, actor, "staff.create", nullptr,
                                             {.staff = staff, .grants = {}}, staff.created_at));
        return existing;
      }));
  if (replayed) {
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(ctx, *replayed, hash, "staffId"));
    staff.created_at = staff.updated_at = replayed->created_at;
  }
  Ring(deps_);
  *response = ToProto(staff, {});
  return absl::OkStatus();
}

absl::Status StaffHandler::GetStaff(rpc::CallContext& ctx, const v1::GetStaffRequest& request,
                                    v1::StaffMember* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      *response,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<v1::StaffMember> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto staff, SelectStaff(tx, ctx.tenant(), id));
        if (!staff) return NotFound("staff member");
        CLOUDPOS_ASSIGN_OR_RETURN(auto grants, SelectGrants(tx, ctx.tenant(), {id}));
        CLOUDPOS_ASSIGN_OR_RETURN(const absl::Time locked_until, LockedUntil(tx, *staff, now));
        return ToProto(*staff, grants[id], locked_until);
      }));
  return absl::OkStatus();
}

absl::Status StaffHandler::ListStaff(rpc::CallContext& ctx, const v1::ListStaffRequest& request,
                                     v1::ListStaffResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = request.include_inactive() ? "all staff" : "staff";
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 2));
  std::optional<StaffPosition> after;
  if (!key.empty()) {
    const auto id = base::Uuid::Parse(key[1]);
    if (!id) return base::Fail(INVALID_PAGE_TOKEN, "pageToken", "is not of this list");
    after = {.display_name = key[0], .staff_id = *id};
  }
  std::vector<StaffMember> rows;
  GrantsByStaff grants;
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(
            rows, SelectStaffList(tx, ctx.tenant(), request.include_inactive(), after, size + 1));
        std::vector<base::Uuid> ids;
        for (const StaffMember& staff : rows) ids.push_back(staff.staff_id);
        CLOUDPOS_ASSIGN_OR_RETURN(grants, SelectGrants(tx, ctx.tenant(), ids));
        return absl::OkStatus();
      }));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const StaffMember& staff : rows) {
    *response->add_staff() = ToProto(staff, grants[staff.staff_id]);
  }
  if (has_more) {
    response->set_next_page_token(
        base::MakePageToken(list, {rows.back().display_name, rows.back().staff_id.ToString()}));
  }
  return absl::OkStatus();
}

absl::Status StaffHandler::UpdateStaff(rpc::CallContext& ctx,
                                       const v1::UpdateStaffRequest& request,
                                       v1::StaffMember* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.staff_id(), "staffId"));
  StaffChange change;
  if (request.has_display_name()) change.display_name = request.display_name();
  if (request.has_email()) change.email = request.email();
  if (request.has_active()) change.active = request.active();
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const LoadedStaff updated,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<LoadedStaff> {
        CLOUDPOS_RETURN_IF_ERROR(SelectTenantForUpdate(tx, ctx.tenant()).status());
        CLOUDPOS_ASSIGN_OR_RETURN(const LoadedStaff before,
                                  LoadStaffForUpdate(tx, ctx.tenant(), id));
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before.staff.version, request.version()));
        LoadedStaff after = before;
        CLOUDPOS_ASSIGN_OR_RETURN(after.staff, Apply(before.staff, change));
        CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), before.grants));
        const bool loses_access = !after.staff.active || after.staff.email.empty();
        if (loses_access && IsAdministrator(ctx.tenant(), before.grants)) {
          CLOUDPOS_RETURN_IF_ERROR(CheckOtherAdministrator(tx, ctx.tenant(), id));
        }
        CLOUDPOS_RETURN_IF_ERROR(MoveEmail(tx, before.staff, after.staff));
        Touch(after.staff, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateStaff(tx, after.staff));
        if (before.staff.active && !after.staff.active) {
          CLOUDPOS_RETURN_IF_ERROR(EndAccess(tx, after.staff, "deactivated", now));
        }
        CLOUDPOS_RETURN_IF_ERROR(
            RecordStaff(tx, deps_, actor, "staff.update", &before, after, now));
        return after;
      }));
  Ring(deps_);
  deps_.identity->Poke();
  *response = ToProto(updated.staff, updated.grants);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
