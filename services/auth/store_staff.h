#pragma once

// People, roles and grants in PostgreSQL. Locks are taken in the order tenant, role, staff.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/auth/context.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

absl::StatusOr<std::optional<Existing>> InsertStaff(pg::Tx& tx, const StaffMember& staff,
                                                    const std::optional<std::string>& password_hash,
                                                    const std::string& request_hash);
absl::StatusOr<std::optional<StaffMember>> SelectStaff(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& staff);
absl::StatusOr<std::optional<StaffMember>> SelectStaffForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& staff);
absl::Status UpdateStaff(pg::Tx& tx, const StaffMember& staff);

struct StaffPosition {
  std::string display_name;
  base::Uuid staff_id;
};
absl::StatusOr<std::vector<StaffMember>> SelectStaffList(pg::Tx& tx, const base::Uuid& tenant,
                                                         bool inactive_too,
                                                         const std::optional<StaffPosition>& after,
                                                         int limit);

/// Locked: a person with the password hash, and whether the tenant is active.
struct Credentials {
  StaffMember staff;
  std::optional<std::string> password_hash;
  bool tenant_active = false;
};
absl::StatusOr<std::optional<Credentials>> SelectCredentials(pg::Tx& tx, const base::Uuid& tenant,
                                                             const base::Uuid& staff);
absl::Status UpdatePassword(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                            const std::string& password_hash, bool change_required,
                            absl::Time now);
/// Only while the stored hash is still `old_hash`.
absl::Status ReplaceHash(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                         const std::string& old_hash, const std::string& new_hash);

/// Grants with their roles' permissions, per person; people without any are left out.
using GrantsByStaff = std::map<base::Uuid, std::vector<RoleGrant>>;
absl::StatusOr<GrantsByStaff> SelectGrants(pg::Tx& tx, const base::Uuid& tenant,
                                           const std::vector<base::Uuid>& staff);
absl::Status DeleteGrants(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff);
absl::Status InsertGrant(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                         const RoleGrant& grant);
/// One person as the feed's snapshot tells of them: no name, address or password is read.
struct StaffRights {
  StaffMember staff;
  absl::Time changed_at;
  std::vector<RoleGrant> grants;
};
/// People of all tenants after (tenant, staff), in that order.
absl::StatusOr<std::vector<StaffRights>> SelectAllRights(pg::Tx& tx, const base::Uuid& tenant,
                                                         const base::Uuid& staff, int limit);

/// Active people with a password other than `except` who hold the role in every store.
absl::StatusOr<int64_t> CountOtherHolders(pg::Tx& tx, const base::Uuid& tenant,
                                          const base::Uuid& role, const base::Uuid& except);

absl::StatusOr<std::optional<Existing>> InsertRole(pg::Tx& tx, const Role& role,
                                                   const std::string& request_hash);
absl::StatusOr<std::optional<Role>> SelectRole(pg::Tx& tx, const base::Uuid& tenant,
                                               const base::Uuid& role);
absl::StatusOr<std::optional<Role>> SelectRoleForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                        const base::Uuid& role);
absl::StatusOr<std::vector<Role>> SelectRoles(pg::Tx& tx, const base::Uuid& tenant,
                                              const std::string& after_name, int limit);
absl::Status UpdateRole(pg::Tx& tx, const Role& role);
/// A role that somebody holds is a foreign key violation: STILL_REFERENCED.
absl::Status DeleteRole(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& role);
absl::StatusOr<std::vector<base::Uuid>> SelectHolders(pg::Tx& tx, const base::Uuid& tenant,
                                                      const base::Uuid& role);

}  // namespace cloudpos::auth
