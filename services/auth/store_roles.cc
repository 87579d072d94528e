// Roles, and who holds them.

#include "libs/base/error.h"
#include "services/auth/store_rows.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

/// Permissions of a role as stored: numbers, or for a built-in one its name.
token::PermissionSet ToPermissions(const pg::Row& row) {
  const auto built_in = row.Get<std::optional<std::string>>("built_in");
  if (built_in) return BuiltInPermissions(BuiltInByName(*built_in));
  token::PermissionSet set;
  for (const int64_t number : row.Get<std::vector<int64_t>>("permissions")) {
    // A number of a newer release grants nothing here.
    if (number > 0 && common::v1::Permission_IsValid(static_cast<int>(number))) {
      set.Add(static_cast<token::Permission>(number));
    }
  }
  return set;
}

Role ToRole(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .role_id = row.Get<base::Uuid>("role_id"),
          .version = row.Get<int64_t>("version"),
          .name = row.Get<std::string>("name"),
          .built_in = BuiltInByName(row.Get<std::optional<std::string>>("built_in").value_or("")),
          .permissions = ToPermissions(row),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

std::vector<int64_t> Numbers(const Role& role) {
  std::vector<int64_t> numbers;
  if (role.built_in != BuiltInRole::kNone) return numbers;
  for (const token::Permission p : role.permissions.ToList()) numbers.push_back(p);
  return numbers;
}

constexpr pg::Query kInsertRole{"insert_role", R"sql(
  INSERT INTO auth.roles (tenant_id, role_id, version, name, built_in, permissions, request_hash,
    created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (tenant_id, role_id) DO NOTHING)sql"};

constexpr pg::Query kSelectRoleRequest{"select_role_request", R"sql(
  SELECT request_hash, created_at FROM auth.roles WHERE tenant_id = $1 AND role_id = $2)sql"};

constexpr pg::Query kSelectRole{"select_role", R"sql(
  SELECT tenant_id, role_id, version, name, built_in, permissions, created_at, updated_at
  FROM auth.roles WHERE tenant_id = $1 AND role_id = $2)sql"};

constexpr pg::Query kSelectRoleForUpdate{"select_role_for_update", R"sql(
  SELECT tenant_id, role_id, version, name, built_in, permissions, created_at, updated_at
  FROM auth.roles WHERE tenant_id = $1 AND role_id = $2 FOR UPDATE)sql"};

constexpr pg::Query kSelectRoles{"select_roles", R"sql(
  SELECT tenant_id, role_id, version, name, built_in, permissions, created_at, updated_at
  FROM auth.roles WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3)sql"};

constexpr pg::Query kUpdateRole{"update_role", R"sql(
  UPDATE auth.roles SET version = $3, name = $4, permissions = $5, updated_at = $6
  WHERE tenant_id = $1 AND role_id = $2)sql"};

constexpr pg::Query kDeleteRole{"delete_role", R"sql(
  DELETE FROM auth.roles WHERE tenant_id = $1 AND role_id = $2)sql"};

constexpr pg::Query kSelectGrants{"select_grants", R"sql(
  SELECT g.staff_id, g.role_id, g.all_stores, g.store_ids, r.built_in, r.permissions
  FROM auth.staff_grants g
  JOIN auth.roles r ON r.tenant_id = g.tenant_id AND r.role_id = g.role_id
  WHERE g.tenant_id = $1 AND g.staff_id = ANY ($2::uuid[])
  ORDER BY g.staff_id, g.role_id)sql"};

// What somebody may do changes with them and with the roles they hold.
constexpr pg::Query kSelectAllRights{"select_all_rights", R"sql(
  SELECT s.tenant_id, s.staff_id, s.active, s.created_at,
    greatest(s.updated_at, (SELECT max(r.updated_at) FROM auth.staff_grants g
      JOIN auth.roles r ON r.tenant_id = g.tenant_id AND r.role_id = g.role_id
      WHERE g.tenant_id = s.tenant_id AND g.staff_id = s.staff_id)) AS changed_at
  FROM auth.staff s WHERE (s.tenant_id, s.staff_id) > ($1, $2)
  ORDER BY s.tenant_id, s.staff_id LIMIT $3)sql"};

constexpr pg::Query kDeleteGrants{"delete_grants", R"sql(
  DELETE FROM auth.staff_grants WHERE tenant_id = $1 AND staff_id = $2)sql"};

constexpr pg::Query kInsertGrant{"insert_grant", R"sql(
  INSERT INTO auth.staff_grants (tenant_id, staff_id, role_id, all_stores, store_ids)
  VALUES ($1, $2, $3, $4, $5))sql"};

constexpr pg::Query kCountOtherHolders{"count_other_holders", R"sql(
  SELECT count(*) AS holders
  FROM auth.staff_grants g
  JOIN auth.staff s ON s.tenant_id = g.tenant_id AND s.staff_id = g.staff_id
  WHERE g.tenant_id = $1 AND g.role_id = $2 AND g.all_stores AND g.staff_id <> $3
    AND s.active AND s.email IS NOT NULL AND s.password_hash IS NOT NULL)sql"};

constexpr pg::Query kSelectHolders{"select_holders", R"sql(
  SELECT staff_id FROM auth.staff_grants WHERE tenant_id = $1 AND role_id = $2
  ORDER BY staff_id)sql"};

}  // namespace

absl::StatusOr<std::optional<Existing>> InsertRole(pg::Tx& tx, const Role& role,
                                                   const std::string& request_hash) {
  std::optional<std::string> built_in;
  if (role.built_in != BuiltInRole::kNone) built_in = std::string(BuiltInName(role.built_in));
  return InsertedOr(
      tx,
      tx.Exec(kInsertRole, role.tenant_id, role.role_id, role.version, role.name, built_in,
              Numbers(role), pg::Bytes{request_hash}, role.created_at, role.updated_at),
      kSelectRoleRequest, role.tenant_id, role.role_id);
}

absl::StatusOr<std::optional<Role>> SelectRole(pg::Tx& tx, const base::Uuid& tenant,
                                               const base::Uuid& role) {
  return One<Role>(tx.Exec(kSelectRole, tenant, role), ToRole);
}

absl::StatusOr<std::optional<Role>> SelectRoleForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                        const base::Uuid& role) {
  return One<Role>(tx.Exec(kSelectRoleForUpdate, tenant, role), ToRole);
}

absl::StatusOr<std::vector<Role>> SelectRoles(pg::Tx& tx, const base::Uuid& tenant,
                                              const std::string& after_name, int limit) {
  return Many<Role>(tx.Exec(kSelectRoles, tenant, after_name, limit), ToRole);
}

absl::Status UpdateRole(pg::Tx& tx, const Role& role) {
  return tx
      .Exec(kUpdateRole, role.tenant_id, role.role_id, role.version, role.name, Numbers(role),
            role.updated_at)
      .status();
}

absl::Status DeleteRole(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& role) {
  const absl::Status status = tx.Exec(kDeleteRole, tenant, role).status();
  if (pg::ConstraintOf(status) != "staff_grants_role_fkey") return status;
  return base::Fail(common::v1::STILL_REFERENCED, "Somebody holds this role.");
}

absl::StatusOr<GrantsByStaff> SelectGrants(pg::Tx& tx, const base::Uuid& tenant,
                                           const std::vector<base::Uuid>& staff) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectGrants, tenant, staff));
  GrantsByStaff grants;
  for (const pg::Row row : rows) {
    grants[row.Get<base::Uuid>("staff_id")].push_back(
        {.role_id = row.Get<base::Uuid>("role_id"),
         .all_stores = row.Get<bool>("all_stores"),
         .store_ids = row.Get<std::vector<base::Uuid>>("store_ids"),
         .permissions = ToPermissions(row)});
  }
  return grants;
}

absl::StatusOr<std::vector<StaffRights>> SelectAllRights(pg::Tx& tx, const base::Uuid& tenant,
                                                         const base::Uuid& staff, int limit) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectAllRights, tenant, staff, limit));
  std::vector<StaffRights> people;
  std::map<base::Uuid, std::vector<base::Uuid>> by_tenant;
  for (const pg::Row row : rows) {
    StaffRights one;
    one.staff.tenant_id = row.Get<base::Uuid>("tenant_id");
    one.staff.staff_id = row.Get<base::Uuid>("staff_id");
    one.staff.active = row.Get<bool>("active");
    one.staff.created_at = row.Get<absl::Time>("created_at");
    one.changed_at = row.Get<absl::Time>("changed_at");
    by_tenant[one.staff.tenant_id].push_back(one.staff.staff_id);
    people.push_back(std::move(one));
  }
  std::map<base::Uuid, GrantsByStaff> grants;
  for (const auto& [its_tenant, ids] : by_tenant) {
    CLOUDPOS_ASSIGN_OR_RETURN(grants[its_tenant], SelectGrants(tx, its_tenant, ids));
  }
  for (StaffRights& one : people) {
    one.grants = grants[one.staff.tenant_id][one.staff.staff_id];
  }
  return people;
}

absl::Status DeleteGrants(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff) {
  return tx.Exec(kDeleteGrants, tenant, staff).status();
}

absl::Status InsertGrant(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                         const RoleGrant& grant) {
  return tx.Exec(kInsertGrant, tenant, staff, grant.role_id, grant.all_stores, grant.store_ids)
      .status();
}

absl::StatusOr<int64_t> CountOtherHolders(pg::Tx& tx, const base::Uuid& tenant,
                                          const base::Uuid& role, const base::Uuid& except) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kCountOtherHolders, tenant, role, except));
  return rows[0].Get<int64_t>("holders");
}

absl::StatusOr<std::vector<base::Uuid>> SelectHolders(pg::Tx& tx, const base::Uuid& tenant,
                                                      const base::Uuid& role) {
  return Many<base::Uuid>(tx.Exec(kSelectHolders, tenant, role),
                          [](const pg::Row& row) { return row.Get<base::Uuid>("staff_id"); });
}

}  // namespace cloudpos::auth
