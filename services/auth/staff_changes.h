#pragma once

// Steps that changes of people share. Locks: tenant, role, staff.

#include <string_view>
#include <vector>

#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

/// A person, locked, with what they hold.
struct LoadedStaff {
  StaffMember staff;
  std::vector<RoleGrant> grants;
};
/// NOT_FOUND when there is none.
absl::StatusOr<LoadedStaff> LoadStaffForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                               const base::Uuid& staff);

/// LAST_ADMINISTRATOR when nobody but `staff` administers the tenant. The tenant's row must be
/// locked: two administrators who remove each other must not both succeed.
absl::Status CheckOtherAdministrator(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff);

/// The audit row of a change of a person, and what others learn of it; null = made just now.
absl::Status RecordStaff(pg::Tx& tx, const Deps& deps, const Actor& actor, std::string_view action,
                         const LoadedStaff* before, const LoadedStaff& after, absl::Time now);

}  // namespace cloudpos::auth
