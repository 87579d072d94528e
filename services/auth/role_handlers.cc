// Roles.

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/auth/changes.h"
#include "services/auth/convert.h"
#include "services/auth/domain/fields.h"
#include "services/auth/identity_state.h"
#include "services/auth/staff_handler.h"
#include "services/auth/staff_rights.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

template <typename Numbers>
absl::StatusOr<token::PermissionSet> ParsePermissions(const Numbers& numbers) {
  token::PermissionSet set;
  for (const int number : numbers) {
    if (number == PERMISSION_UNSPECIFIED || !Permission_IsValid(number)) {
      return base::Fail(INVALID_ARGUMENT, "permissions", "names a permission that does not exist");
    }
    set.Add(static_cast<Permission>(number));
  }
  return set;
}

absl::Status RecordRole(pg::Tx& tx, const Deps& deps, const Actor& actor, std::string_view action,
                        const Role* before, const Role* after, absl::Time now) {
  v1::Role old_state, new_state;
  if (before != nullptr) old_state = ToProto(*before);
  if (after != nullptr) new_state = ToProto(*after);
  return RecordAudit(tx, *deps.ids, actor,
                     {.action = action,
                      .subject_type = "role",
                      .subject_id = (after != nullptr ? after : before)->role_id.ToString(),
                      .store = std::nullopt,
                      .before = before == nullptr ? nullptr : &old_state,
                      .after = after == nullptr ? nullptr : &new_state},
                     now);
}

/// A role of the tenant's own, locked, at the version the caller knows.
absl::StatusOr<Role> LoadOwnRole(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& id,
                                 int64_t version) {
  CLOUDPOS_ASSIGN_OR_RETURN(auto role, SelectRoleForUpdate(tx, tenant, id));
  if (!role) return NotFound("role");
  if (role->built_in != BuiltInRole::kNone) {
    return base::Fail(ARCHIVED, "A built-in role cannot be changed; make one of your own.");
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckVersion(role->version, version));
  return *std::move(role);
}

}  // namespace

absl::Status StaffHandler::CreateRole(rpc::CallContext& ctx, const v1::CreateRoleRequest& request,
                                      v1::Role* response) {
  Role role;
  CLOUDPOS_ASSIGN_OR_RETURN(role.role_id, base::Uuid::ParseField(request.role_id(), "roleId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckName(request.name(), "name", kRoleNameMax));
  if (request.permissions().empty()) {
    return base::Fail(FIELD_REQUIRED, "permissions", "is required");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(role.permissions, ParsePermissions(request.permissions()));
  CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), role.permissions));
  role.tenant_id = ctx.tenant();
  role.name = request.name();
  role.created_at = role.updated_at = deps_.clock->Now();
  const std::string hash = RequestHash(request);
  const Actor actor = ActorOf(ctx);
  using Replayed = std::optional<Existing>;
  const absl::StatusOr<Replayed> replayed =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Replayed> {
        CLOUDPOS_ASSIGN_OR_RETURN(Replayed existing, InsertRole(tx, role, hash));
        if (existing) return existing;
        CLOUDPOS_RETURN_IF_ERROR(
            RecordRole(tx, deps_, actor, "role.create", nullptr, &role, role.created_at));
        return existing;
      });
  if (!replayed.ok()) return Taken(replayed.status());
  if (*replayed) {
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(ctx, **replayed, hash, "roleId"));
    role.created_at = role.updated_at = (*replayed)->created_at;
  }
  Ring(deps_);
  *response = ToProto(role);
  return absl::OkStatus();
}

absl::Status StaffHandler::GetRole(rpc::CallContext& ctx, const v1::GetRoleRequest& request,
                                   v1::Role* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.role_id(), "roleId"));
  using Found = std::optional<Role>;
  CLOUDPOS_ASSIGN_OR_RETURN(const Found role,
                            pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
                              return SelectRole(tx, ctx.tenant(), id);
                            }));
  if (!role) return NotFound("role");
  *response = ToProto(*role);
  return absl::OkStatus();
}

absl::Status StaffHandler::ListRoles(rpc::CallContext& ctx, const v1::ListRolesRequest& request,
                                     v1::ListRolesResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), "roles", 1));
  CLOUDPOS_ASSIGN_OR_RETURN(
      auto rows, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
        return SelectRoles(tx, ctx.tenant(), key.empty() ? "" : key[0], size + 1);
      }));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const Role& role : rows) *response->add_roles() = ToProto(role);
  if (has_more) response->set_next_page_token(base::MakePageToken("roles", {rows.back().name}));
  return absl::OkStatus();
}

absl::Status StaffHandler::UpdateRole(rpc::CallContext& ctx, const v1::UpdateRoleRequest& request,
                                      v1::Role* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.role_id(), "roleId"));
  if (request.has_name()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckName(request.name(), "name", kRoleNameMax));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto permissions, ParsePermissions(request.permissions()));
  CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), permissions));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  const absl::StatusOr<Role> role =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Role> {
        CLOUDPOS_ASSIGN_OR_RETURN(const Role before,
                                  LoadOwnRole(tx, ctx.tenant(), id, request.version()));
        CLOUDPOS_RETURN_IF_ERROR(CheckMayGive(ctx.claims(), before.permissions));
        Role after = before;
        if (request.has_name()) after.name = request.name();
        if (!permissions.empty()) after.permissions = permissions;
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateRole(tx, after));
        if (after.permissions != before.permissions) {
          CLOUDPOS_ASSIGN_OR_RETURN(const auto holders, SelectHolders(tx, ctx.tenant(), id));
          CLOUDPOS_RETURN_IF_ERROR(RaiseNotBefore(tx, ctx.tenant(), holders, now));
          CLOUDPOS_RETURN_IF_ERROR(RecordRightsOf(tx, deps_, actor, holders, now));
        }
        CLOUDPOS_RETURN_IF_ERROR(
            RecordRole(tx, deps_, actor, "role.update", &before, &after, now));
        return after;
      });
  if (!role.ok()) return Taken(role.status());
  Ring(deps_);
  deps_.identity->Poke();
  *response = ToProto(*role);
  return absl::OkStatus();
}

absl::Status StaffHandler::DeleteRole(rpc::CallContext& ctx, const v1::DeleteRoleRequest& request,
                                      v1::DeleteRoleResponse*) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.role_id(), "roleId"));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const Role before,
                                  LoadOwnRole(tx, ctx.tenant(), id, request.version()));
        CLOUDPOS_RETURN_IF_ERROR(auth::DeleteRole(tx, ctx.tenant(), id));
        return RecordRole(tx, deps_, actor, "role.delete", &before, nullptr, now);
      }));
  Ring(deps_);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
